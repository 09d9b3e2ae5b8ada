/** Log files of a site under attack: every field that a stranger writes holds what a page must not run or believe. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MARKUP = '<img/src=x/onerror=window.pwned=1><script>window.pwned=2</script><svg/onload=window.pwned=3>'
/** Right-to-left override, isolates, zero width, and a terminal's escape. */
const UNSEEN = '\u202Egnp.sj\u2066\u200B\u001b[31m'
const SCHEME = 'javascript:window.pwned=4//'
/** Also what would end an attribute, a comment, a template, a Markdown fence. */
const ENDS = `"'>--!>\`\`\`{{window.pwned=5}}\${window.pwned=6}`

export const HOSTILE = [MARKUP, UNSEEN, SCHEME, ENDS]

const two = (n: number): string => String(n).padStart(2, '0')
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function bracketed(time: number): string {
  const d = new Date(time)
  const clock = [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()].map(two).join(':')
  return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()] ?? ''}/${d.getUTCFullYear()}:${clock} +0000`
}

const slashed = (time: number): string =>
  new Date(time).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')

/** As nginx writes them: quotes and control characters of a request escaped in the access log, not in every error log. */
const escaped = (text: string): string =>
  text.replace(/["\\\u0000-\u001f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)

export interface HostileLogs {
  access: string
  error: string
  config: string
}

/** Writes access.log, error.log and nginx.conf into `dir`. @param now epoch ms; the lines are of the hours before */
export function writeHostileLogs(dir: string, now: number): HostileLogs {
  const access: string[] = []
  const error: string[] = []
  for (let i = 0; i < 120; i++) {
    const time = now - i * 150_000
    const bad = HOSTILE[i % HOSTILE.length] ?? ''
    const uri = `/ws/${encodeURI(bad).slice(0, 20)}${escaped(bad).replaceAll(' ', '+')}`
    const line = (path: string, status: number, seconds: string) =>
      `192.0.2.${i % 250} - - [${bracketed(time)}] "GET ${path} HTTP/1.1" ${status} 12 "${SCHEME}${escaped(bad)}" "${escaped(bad)}" ${seconds} ${seconds}`
    access.push(line('/chat', 101, i % 3 === 0 ? `${i}.250` : `60.0${i % 10}1`), line('/chat', 426, '0.002'))
    if (i % 2 === 0) access.push(line(uri, 400, '0.004'))
    error.push(
      `${slashed(time)} [error] 31#31: *${i} connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: evil.example, request: "GET ${uri} HTTP/1.1", upstream: "http://127.0.0.1:9${bad}", host: "evil.example", referrer: "${SCHEME}${bad}"`,
    )
    if (i % 40 === 0) error.push(`${slashed(time)} [notice] 1#1: signal 1 (SIGHUP) received from 7, reconfiguring`)
  }
  const paths = { access: join(dir, 'access.log'), error: join(dir, 'error.log'), config: join(dir, 'nginx.conf') }
  writeFileSync(paths.access, `${access.toReversed().join('\n')}\n`)
  writeFileSync(paths.error, `${error.toReversed().join('\n')}\n`)
  writeFileSync(
    paths.config,
    `events {}
http {
  log_format long '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_header_time';
  access_log access.log long;
  server {
    listen 80;
    server_name evil.example; # ${MARKUP}
    location /chat {
      proxy_pass http://127.0.0.1:9;
      proxy_set_header X-Markup "${MARKUP}";
    }
    location /ws/ { proxy_pass http://127.0.0.1:9; }
  }
}
`,
  )
  return paths
}
