/** Snippets and commands that several fixes share. Hosts and paths come from logs, that is from anybody:
 *  in a command they appear only when they are plain names. */
import type { Directive, Fix, Scope } from './contract.ts'

/** The value when it is safe to paste into a shell, else the placeholder. */
export function shellSafe(value: string | null, placeholder: string): string {
  return value !== null && /^[\w./:~-]{1,200}$/.test(value) && !value.startsWith('-') ? value : placeholder
}

export const host = (scope: Scope): string => shellSafe(scope.server, 'YOUR-HOST')
/** The path group; `:id` placeholders show that a real id belongs there. */
export const path = (scope: Scope): string => shellSafe(scope.path, '/YOUR-SOCKET-PATH')
export const upstream = (scope: Scope): string => shellSafe(scope.upstream, 'BACKEND:PORT')

/** The test of RFC 6455 §4.1 by hand: a 101 is the success. */
export function handshake(scope: Scope, through: 'nginx' | 'backend'): string {
  const target = through === 'nginx' ? '127.0.0.1' : upstream(scope)
  return (
    `curl --http1.1 -isN --max-time 5 -H 'Host: ${host(scope)}' -H 'Connection: Upgrade' -H 'Upgrade: websocket' ` +
    `-H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==' http://${target}${path(scope)} | head -1`
  )
}

export const TEST_AND_RELOAD = 'sudo nginx -t && sudo systemctl reload nginx'
/** -T: repeated, it refreshes the copy instead of putting a second one inside it. */
export const BACK_UP = 'sudo cp -aT /etc/nginx /etc/nginx.before-halfopen'
/** No rsync: small installations have none. The changed folder is kept for a look at what went wrong. */
export const ROLL_BACK = [
  'sudo mv -T /etc/nginx /etc/nginx.undone && sudo cp -aT /etc/nginx.before-halfopen /etc/nginx',
  TEST_AND_RELOAD,
]

/** `location /ws {` … as a snippet with one block per context, in the order given. */
export function snippet(directives: readonly Directive[]): string {
  const blocks = new Map<string, string[]>()
  for (const { context, text } of directives) blocks.set(context, [...(blocks.get(context) ?? []), text])
  return [...blocks].map(([context, lines]) => `# ${context}\n${lines.join('\n')}`).join('\n\n')
}

/** The context to name when the configuration is not known. */
export const servingLocation = (scope: Scope): string =>
  scope.path === null ? 'location that serves the socket' : `location that serves ${scope.path}`

export function fixOf(fix: Partial<Fix> & Pick<Fix, 'layer' | 'summary'>): Fix {
  return { directives: [], snippet: null, patch: null, target: null, verify: [], rollback: [], ...fix }
}
