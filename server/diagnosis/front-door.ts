/** How visitors reach the place of a finding when no configuration says so: scheme and port, from what its log lines
 *  carry. Commands are written with a placeholder; here it is filled in, or explained. */
import { SCHEME } from './advice.ts'
import type { Alternative, Exemplar, Fix, Scope } from './contract.ts'

export interface FrontDoor {
  scheme: 'http' | 'https' | null
  /** Null: the scheme's own. */
  port: number | null
  /** `nginx`: its own variables. `page`: the address of the page, which a proxy in front may have served. */
  told: 'nginx' | 'page' | null
}

/** Each with a part that such a line has: most lines have none of them, and are spared the pattern. `$scheme` in Nginx Proxy Manager's format, by name in others, and what only TLS has. */
const BY_NGINX = [
  { part: ' http', at: /\] (?:\S+ ){1,3}- [A-Z]{3,10} (https?) \S+ "/ },
  { part: 'scheme', at: /(?:^|[\s,{|])"?scheme"?\s*[=:]\s*"?(https?)\b/ },
  { part: 'ssl_protocol', at: /(?:^|[\s,{|])"?ssl_protocol"?\s*[=:]\s*"?(TLS)v/ },
]
/** Referer and Origin: error log, combined (behind status and size), by name. A visitor may write anything there. */
const BY_PAGE =
  /(?:referrer: "|" \d{3} (?:\d+|-) "|(?:^|[\s,{|])"?(?:http_)?(?:origin|referr?er)"?\s*[=:]\s*"?)(https?):\/\/([a-z\d.-]+)(?::(\d{1,5}))?(?=[/"\s]|$)/i
/** The Host header as the error log writes it, or by name. */
const PORT = /(?:, host: "|"?http_host"?\s*[=:]\s*"?)[a-z\d.-]+:(\d{1,5})"?(?=[,\s}]|$)/i

/** More lines of one finding say the same. */
const LINES = 20

export function frontDoor({ server }: Scope, lines: readonly Pick<Exemplar, 'text'>[]): FrontDoor {
  const texts = lines.slice(0, LINES).map(({ text }) => text)
  const port = agreed(texts.map((text) => (/host/i.test(text) ? (PORT.exec(text)?.[1] ?? null) : null)))
  const own = agreed(texts.flatMap((text) => BY_NGINX.map(({ part, at }) => inText(text, part, at)?.[1] ?? null)))
  if (own !== null) return { scheme: own === 'http' ? 'http' : 'https', port: portOf(port), told: 'nginx' }
  // A page of another site tells nothing of this one.
  const pages = texts.map((text) => inText(text, '://', BY_PAGE)).filter((page) => page !== null)
  const same = pages.filter(([, , host]) => server === null || host?.toLowerCase() === server)
  const scheme = agreed(same.map(([, found]) => found?.toLowerCase() ?? null))
  if (scheme === null) return { scheme: null, port: portOf(port), told: null }
  const pagePort = server === null ? null : agreed(same.map((page) => page[3] ?? null))
  return { scheme: scheme === 'http' ? 'http' : 'https', port: portOf(port ?? pagePort), told: 'page' }
}

const inText = (text: string, part: string, at: RegExp): RegExpExecArray | null =>
  text.includes(part) ? at.exec(text) : null

/** The value that all lines with one have. */
function agreed(values: readonly (string | null)[]): string | null {
  const known = new Set(values.filter((value) => value !== null))
  const [only = null] = known
  return known.size === 1 ? only : null
}

const portOf = (port: string | null): number | null => (port !== null && Number(port) <= 65_535 ? Number(port) : null)

const URL_START = new RegExp(`${SCHEME}://([\\w.-]+)`, 'g')

/** The commands of a fix with the address filled in, and a remark where that is not all that can be known. */
export function addressed(fix: Fix, door: FrontDoor): Fix {
  if (!fix.verify.some((command) => command.includes(`${SCHEME}://`))) return fix
  const remark =
    door.scheme === null
      ? [
          `# write http or https for ${SCHEME}, and the port if it is not theirs: these logs do not say which visitors use`,
        ]
      : door.told === 'page'
        ? [
            `# ${door.scheme}: so says the address of the page in the log; with TLS at a proxy in front, this nginx may be on http`,
          ]
        : []
  return { ...fix, verify: [...fix.verify.map((command) => filled(command, door)), ...remark] }
}

export const addressedChecks = (others: readonly Alternative[], door: FrontDoor): Alternative[] =>
  others.map((other) => ({ ...other, check: filled(other.check, door) }))

function filled(command: string, { scheme, port }: FrontDoor): string {
  const usual = port === null || port === (scheme === 'https' ? 443 : scheme === 'http' ? 80 : null)
  return command.replace(URL_START, (_, host: string) => `${scheme ?? SCHEME}://${host}${usual ? '' : `:${port}`}`)
}
