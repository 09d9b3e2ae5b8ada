/** A day of an ordinary site in combined: pages, files that are not there, redirects, logins, crawlers, monitors, scanners,
 *  visitors who leave, and sockets that people close when they like. Deterministic. */

const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64)', 'Googlebot/2.1', 'UptimeRobot/2.0', 'curl/8.5.0', 'zgrab/0.x']
const PAGES = ['/', '/index.html', '/news/7', '/style.css', '/app.js', '/api/items?page=2', '/images/logo.png']
const PROBES = ['/wp-login.php', '/.env', '/phpmyadmin/', '/ws', '/cgi-bin/test', '/.git/config', '/api/websocket']
const DAY = Date.UTC(2026, 10, 21)

/** A generator with a state of 32 bits (Numerical Recipes), uniform in [0, 1). */
function uniform(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
}

export function healthyTraffic(lines: number): string {
  const random = uniform(7)
  const of = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
  const out: string[] = []
  for (let i = 0; i < lines; i++) {
    const time = new Date(DAY + Math.floor((i / lines) * 86_400_000))
    const stamp = `21/Nov/2026:${time.toISOString().slice(11, 19)} +0000`
    const address = `203.0.113.${Math.floor(random() * 250)}`
    const kind = random()
    const [path, status] =
      kind < 0.9
        ? [of(PAGES), of([200, 200, 200, 200, 304])]
        : kind < 0.93
          ? [`/old/${i % 50}`, of([301, 302, 404])]
          : kind < 0.95
            ? ['/login', of([401, 403, 200])]
            : kind < 0.97
              ? [of(PAGES), of([499, 499, 500, 503])]
              : kind < 0.985
                ? [of(PROBES), 404]
                : ['/live', 101]
    const bytes = Math.floor(random() * 20_000)
    out.push(`${address} - - [${stamp}] "GET ${path} HTTP/1.1" ${status} ${bytes} "-" "${of(AGENTS)}"\n`)
  }
  return out.join('')
}
