/** halfopen may live behind the very nginx it watches. */
import type { LogRecord } from '../../parsers/record.ts'

/** The dashboard's default address and its names. */
export const DASHBOARD: ReadonlySet<string> = new Set(['127.0.0.1:11006', '[::1]:11006', 'localhost:11006'])

/** halfopen's own probes, and requests to its dashboard when that lives behind the same nginx, are no evidence. */
export function isOwn(record: LogRecord, own: ReadonlySet<string>): boolean {
  if (record.type === 'access') {
    const { http_user_agent, upstream_addr } = record.fields
    const address = typeof upstream_addr === 'object' && upstream_addr.length === 1 ? upstream_addr[0] : upstream_addr
    return http_user_agent?.startsWith('halfopen/') === true || (typeof address === 'string' && own.has(address))
  }
  return record.type === 'error' && record.upstream !== null && isOwnUpstream(record.upstream, own)
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
