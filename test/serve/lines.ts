/** Lines as nginx writes them, at a given time (epoch ms). */
const two = (n: number): string => String(n).padStart(2, '0')

/** error_log, in UTC: tests set `timezone: UTC`. */
export function refused(time: number, upstream = '127.0.0.1:3000'): string {
  return failed(time, 'connect() failed (111: Connection refused) while connecting to upstream', '/ws', upstream)
}

export function failed(time: number, what: string, path = '/ws', upstream = '127.0.0.1:3000'): string {
  const d = new Date(time)
  const date = `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())}`
  const clock = [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()].map(two).join(':')
  return (
    `${date} ${clock} [error] 42#42: *7 ${what}, ` +
    `client: 192.0.2.7, server: app.example, request: "GET ${path} HTTP/1.1", upstream: "http://${upstream}${path}", host: "app.example"\n`
  )
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `$time_local` in UTC. */
export function combinedStamp(time: number): string {
  const d = new Date(time)
  const date = `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}`
  return `${date}:${[d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()].map(two).join(':')} +0000`
}

/** access_log, combined. */
export function request(time: number, status: number, path = '/ws', agent = 'Mozilla/5.0'): string {
  return `192.0.2.7 - - [${combinedStamp(time)}] "GET ${path} HTTP/1.1" ${status} 157 "-" "${agent}"\n`
}
