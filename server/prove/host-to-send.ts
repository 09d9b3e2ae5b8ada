/** A name that may stand in a Host header: a wildcard or a pattern of the log may not. Pure. */
import { configView, type NginxConfig } from '../nginx-config/contract.ts'

export function hostToSend(config: NginxConfig, host: string | null, path: string): string {
  if (host !== null && /^(?:[\w.-]+|\[[\da-f:]+\])(?::\d+)?$/i.test(host) && host !== '_') return host
  const names = configView(config).settings(host, path)?.server_names ?? []
  const name = names.find((one) => /^[\w.-]+$/.test(one) && one !== '_')
  return name ?? names.find((one) => one.startsWith('*.'))?.replace('*', 'any') ?? 'localhost'
}
