/** What opens a door, beyond what logs are masked of before they are stored: a page may send any text, and a patch has lines of the
 *  user's configuration around it. */

/** Masks credentials of log texts, see parsers/masking.ts. */
export type Mask = (text: string) => string

const SECRET = /authorization|passw|secret|token|api[-_]?key|cookie|credential/i
/** A directive of nginx, with the name it sets, up to the semicolon: one that sets something wherever it stands (a sentence quotes it),
 *  any other at the start of a line, with the sign of a diff. */
const DIRECTIVE =
  /((?<![\w$-])(?:(?:proxy|grpc)_set_header|(?:fastcgi|uwsgi|scgi)_param|add_header|set|env|secure_link_secret)[ \t]+|^[ +-]{0,3}[ \t]*[a-z][a-z_]{1,60}[ \t]+)([^;\n]+)(;|$)/gm
/** What a variable stands for is not in the text. */
const VARIABLES = /^["']?(?:(?:[A-Za-z]{1,10} )?\$\{?\w+\}?)+["']?$/
/** `user:password@host` without a scheme. Both are bounded: a long word is not read once per letter. */
const BARE_USERINFO = /[^\s:@/"'<>()[\]]{1,64}:[^\s@/"'<>]{1,100}@(?=[\w[])/g

/** Masks again what `mask` may have been applied to already, then what only a configuration or a command says. */
export const withoutCredentials = (text: string, mask: Mask): string => {
  const masked = mask(text)
  const told = SECRET.test(masked) ? masked.replace(DIRECTIVE, directive) : masked
  // A user name tells as much as the password: all of it goes, and what follows stands where only a host can stand.
  return told.replace(/(:\/\/)\[masked\]@/g, '$1').replace(BARE_USERINFO, '')
}

/** How far behind a directive a remark may stand that says what it is. */
const REMARK = 300

/** `proxy_set_header NAME value;` keeps the name, `secure_link_secret value;` has none. */
function directive(line: string, begin: string, args: string, end: string, at: number, text: string): string {
  if (!SECRET.test(text.slice(at, at + line.length + REMARK).split('\n', 1)[0] ?? '')) return line
  const [, name = '', value = args] = /^(["']?[$\w.-]+["']?[ \t]+)(\S.*)$/.exec(args) ?? []
  return VARIABLES.test(value.trim()) || /^(?:on|off|\d+\w?)$/.test(value.trim())
    ? line
    : `${begin}${name}[masked]${end}`
}
