/** The `rewrite` directive. Source: ngx_http_rewrite (flags), ngx_http_script_regex_start_code and _end_code. */
import { escapeArgs } from './uri.ts'
import { isKnown, type Values } from './values.ts'

export type Rewritten =
  | { kind: 'none' }
  | { kind: 'redirect'; status: 301 | 302; to: string }
  | { kind: 'changed'; path: string; args: string; flag: '' | 'last' | 'break' }

const REDIRECTS = /^(?:https?:\/\/|\$scheme)/i

/** Null when the pattern or a variable cannot be judged. @param at path and arguments as they are now. */
export function rewriteOf(
  [pattern = '', replacement = '', flag = '']: readonly string[],
  at: { path: string; args: string; quoted: boolean },
  values: Values,
): Rewritten | null {
  const matched = values.test(pattern, false, at.path)
  if (matched === null) return null
  if (!matched) return { kind: 'none' }
  const redirects = flag === 'redirect' || flag === 'permanent' || REDIRECTS.test(replacement)
  // A question mark at the end keeps the arguments of the request away.
  const addArgs = !replacement.endsWith('?')
  const template = addArgs ? replacement : replacement.slice(0, -1)
  const mark = template.indexOf('?')
  const front = mark === -1 ? template : template.slice(0, mark)
  const escaped = at.quoted || at.path.includes('+')
  const path = expand(front, values, redirects && escaped ? escapeArgs : null)
  const own = mark === -1 ? null : expand(template.slice(mark + 1), values, escaped ? escapeArgs : null)
  if (!isKnown(path) || !isKnown(own ?? '')) return null
  const kept = addArgs ? at.args : ''
  const args = own === null ? kept : kept === '' ? own : `${own}&${kept}`
  if (redirects)
    return {
      kind: 'redirect',
      status: flag === 'permanent' ? 301 : 302,
      to: args === '' ? unescape(path) : `${unescape(path)}?${args}`,
    }
  return { kind: 'changed', path, args, flag: flag === 'last' || flag === 'break' ? flag : '' }
}

/** Captures alone are escaped, where the request's path was. */
function expand(text: string, values: Values, escape: ((text: string) => string) | null): string {
  if (!escape) return values.expand(text)
  return text.replace(/\$(?:\{(\w+)\}|(\d)|(\w+))/g, (_, braced?: string, digit?: string, name?: string) => {
    const value = values.get(braced ?? digit ?? name ?? '')
    return digit === undefined ? value : escape(value)
  })
}

/** NGX_UNESCAPE_REDIRECT: printable characters after `%` come back, up to a question mark. */
function unescape(path: string): string {
  let done = false
  return path.replace(/%([0-9A-F]{2})|\?/gi, (all, hex: string | undefined) => {
    const code = hex === undefined ? 0 : parseInt(hex, 16)
    if (hex === undefined) done = true
    if (done || code <= 0x25 || code >= 0x7f) return all
    if (code === 0x3f) done = true
    return String.fromCharCode(code)
  })
}
