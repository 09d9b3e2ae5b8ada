/** Lines that carry a number: an error line is one event and shows it; an access line is only counted, so its minute and
 *  its status tell which ones were. Each has characters of two to four bytes, to be cut in two. */

export type Kind = 'error' | 'access'

/** 2026-11-21T08:00:00Z */
const START = Date.UTC(2026, 10, 21, 8)
/** Lines of one minute. */
const PER_MINUTE = 40
const STATUSES = [200, 200, 304, 200, 301, 200, 206, 404, 200, 503]

export const minuteOf = (n: number): number => START + Math.floor(n / PER_MINUTE) * 60_000
export const statusOf = (n: number): number => STATUSES[n % STATUSES.length] as number

export function lineOf(kind: Kind, n: number): string {
  const time = new Date(minuteOf(n) + (n % PER_MINUTE) * 1000).toISOString()
  const clock = time.slice(11, 19)
  if (kind === 'error')
    return (
      `${time.slice(0, 10).replaceAll('-', '/')} ${clock} [error] 7#7: *${n} upstream timed out (110: Connection timed out) ` +
      'while proxying upgraded connection, client: 192.0.2.1, server: größe.example, ' +
      'request: "GET /ws/größe-🚇 HTTP/1.1", upstream: "http://127.0.0.1:9/ws", host: "a.example"\n'
    )
  return (
    `192.0.2.${n % 200} - jürgen [${time.slice(8, 10)}/Nov/2026:${clock} +0000] "GET /maß/🚇?n=${n} HTTP/1.1" ` +
    `${statusOf(n)} ${n % 5000} "-" "Mozilla/5.0 (→ ${n}; größe 🚇)"\n`
  )
}

/** Numbers of the whole lines in a text. */
export function numbersIn(kind: Kind, text: string): number[] {
  const pattern =
    kind === 'error' ? /^\d{4}\/\d\d\/\d\d \d\d:.*: \*(\d+) .*"a\.example"$/ : /^192\..*\?n=(\d+) .*🚇\)"$/
  // What follows the last line end was broken off.
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => pattern.exec(line)?.[1] ?? [])
    .map(Number)
}
