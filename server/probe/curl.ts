/** The same handshake for curl. */
import type { Asking } from './handshake.ts'
import { urlOf, type Target } from './target.ts'

/** What may not be pasted into a forum stands in a variable of the shell. */
const SECRET = /^(?:cookie|authorization|proxy-authorization|x-api-key|x-auth-token)$/i

/** A command line that sends what the probe sent; secrets are left to variables, such as "$COOKIE". */
export function curlCommand(target: Target, asking: Asking, key: string, insecure: boolean): string {
  const plain = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', key],
    ...(asking.subprotocols.length > 0 ? [['Sec-WebSocket-Protocol', asking.subprotocols.join(', ')]] : []),
    ...(asking.origin === null ? [] : [['Origin', asking.origin]]),
    ...asking.headers,
  ].map(([name = '', value = '']) =>
    SECRET.test(name)
      ? `-H "${name}: $${name.toUpperCase().replaceAll('-', '_')}"`
      : `-H ${quoted(`${name}: ${value}`)}`,
  )
  const { host, port } = target.connect
  const own = urlOf(target, 'http')
  const ownPort = new URL(own).port || (target.tls ? '443' : '80')
  const same = host === target.name && String(port) === ownPort
  const to = host.includes(':') ? `[${host}]` : host
  return [
    'curl -i -N --http1.1 --max-time 10',
    ...(insecure ? ['-k'] : []),
    ...(same ? [] : [`--connect-to ${quoted(`::${to}:${port}`)}`]),
    ...plain,
    quoted(own),
  ].join(' ')
}

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
