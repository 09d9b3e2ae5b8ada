/** Which addresses are safe to listen on, and which Host headers belong to them. */
import { BlockList, isIP } from 'node:net'
import { HalfopenError } from './errors.ts'

export interface ListenRules {
  host: string
  port: number
  /** A password is set. */
  password: boolean
  trusted_proxy: boolean
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const family = isIP(host)
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

/** Throws listen-refused when strangers could reach the dashboard and nothing stops them. The same in containers: whoever
 *  publishes a port decides who may enter. */
export function checkListen({ host, port, password, trusted_proxy }: ListenRules): void {
  if (isLoopback(host) || password || trusted_proxy) return
  const ways =
    'set auth.password_file (or HALFOPEN_AUTH__PASSWORD), or auth.trusted_proxy: true (HALFOPEN_AUTH__TRUSTED_PROXY=true) when a proxy in front decides who may enter'
  throw new HalfopenError(
    'listen-refused',
    `listen: ${withPort(host, port)} can be reached from other machines; ${ways}`,
  )
}

export const withPort = (host: string, port: number): string => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`

const isWildcard = (host: string): boolean => ['0.0.0.0', '::', '::0', '0:0:0:0:0:0:0:0'].includes(host)

/** Is this Host header one of ours? A page of another site that points its own name at us (DNS rebinding) sends its own
 *  name; a literal address cannot be rebound, so any is fine when we listen on all of them. */
export function isOwnHost(header: string | undefined, listen: string, allowed: readonly string[]): boolean {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/@]+))(?::\d{1,5})?$/i.exec(header ?? '')
  const name = (found?.[1] ?? found?.[2] ?? '').toLowerCase().replace(/\.$/, '')
  if (name === '') return false
  if (isLoopback(name) || name === listen.toLowerCase()) return true
  if (isWildcard(listen) && isIP(name) !== 0) return true
  return allowed.some((host) => host.replace(/^\[|\]$/g, '') === name)
}
