/** halfopen may live behind the very nginx it watches. */
import type { LogRecord } from '../../parsers/record.ts'

/** The dashboard's default address and its names. */
export const DASHBOARD: ReadonlySet<string> = new Set(['127.0.0.1:11006', '[::1]:11006', 'localhost:11006'])

/** How halfopen names itself in User-Agent and, since an error log prints no other header of a client's choice, in Referer. */
const NAME = 'halfopen/'
const PROBE = 'halfopen/probe'

/** halfopen's own probes, and requests to its dashboard when that lives behind the same nginx, are no evidence. An
 *  application that prints whom it answers (an access log, a dump of headers) names the probe, too. */
export function isOwn(record: LogRecord, own: ReadonlySet<string>): boolean {
  switch (record.type) {
    case 'access': {
      const { http_user_agent, upstream_addr } = record.fields
      const address = typeof upstream_addr === 'object' && upstream_addr.length === 1 ? upstream_addr[0] : upstream_addr
      return http_user_agent?.startsWith(NAME) === true || (typeof address === 'string' && own.has(address))
    }
    case 'error':
      return (
        record.referrer?.startsWith(NAME) === true || (record.upstream !== null && isOwnUpstream(record.upstream, own))
      )
    case 'app':
      return record.message.includes(PROBE) || [...record.extra.values()].some((value) => value.includes(PROBE))
  }
}

/** The same for an error entry's upstream, such as `http://127.0.0.1:11006/api`. */
export const isOwnUpstream = (upstream: string, own: ReadonlySet<string>): boolean =>
  own.has(upstream.replace(/^https?:\/\//, '').replace(/\/.*$/s, ''))

/** The last four bytes of each address as numbers, which is what the kernel looks at. */
export const tailsOf = (own: ReadonlySet<string>): number[] => [
  ...new Set(
    [...own]
      .map((address) => Buffer.from(address).subarray(-4))
      .filter((tail) => tail.length === 4)
      .map((tail) => tail.readInt32LE()),
  ),
]
