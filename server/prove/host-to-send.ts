/** A name that may stand in a Host header: a wildcard or a pattern of the log may not. Pure. */
import { configView, type NginxConfig } from '../nginx-config/contract.ts'

/** @param port as browsers send it: with the port, where it is not the scheme's own. It matters to who compares Origin. */
export function hostToSend(config: NginxConfig, host: string | null, path: string, port = false): string {
  const name = nameToSend(config, host, path)
  const at = port && !/:\d+$/.test(name) ? configView(config).settings(host, path)?.public : null
  return at && at.port !== (at.scheme === 'https' ? 443 : 80) ? `${name}:${at.port}` : name
}

function nameToSend(config: NginxConfig, host: string | null, path: string): string {
  if (host !== null && /^(?:[\w.-]+|\[[\da-f:]+\])(?::\d+)?$/i.test(host) && host !== '_') return host
  const names = configView(config).settings(host, path)?.server_names ?? []
  const name = names.find((one) => /^[\w.-]+$/.test(one) && one !== '_')
  return name ?? names.find((one) => one.startsWith('*.'))?.replace('*', 'any') ?? 'localhost'
}
