/** What the configuration says will happen, where nginx cannot be asked. Pure. */
import { configView, type NginxConfig } from '../nginx-config/contract.ts'

export interface Expected {
  /** The handshake should pass; null when it cannot be told. */
  passes: boolean | null
  /** A line each: what decides it, and where it stands. */
  because: string[]
  read_timeout: number | null
}

/** By the effective settings of the block that serves the request. @param version of nginx: 1.29.7 changed the defaults. */
export function expected(config: NginxConfig, host: string | null, path: string, version: string | null): Expected {
  const settings = configView(config, version).settings(host, path)
  if (!settings)
    return { passes: null, because: ['no block of the configuration serves it for certain'], read_timeout: null }
  const where = `${settings.file}:${settings.line} (${settings.context})`
  const read_timeout = settings.proxy_read_timeout ?? DEFAULT_TIMEOUT
  if (settings.proxy_pass === null)
    return { passes: false, because: [`${where} does not proxy the request`], read_timeout }
  const upgrade = settings.set_headers.get('upgrade')?.value ?? null
  const connection = settings.set_headers.get('connection')?.value ?? null
  const http = settings.proxy_http_version ?? (version !== null && isNew(version) ? '1.1' : '1.0')
  const faults = [
    ...(upgrade === null || upgrade === '' ? ['Upgrade is not passed on'] : []),
    ...(connection === null || /^(?:|close|keep-alive)$/i.test(connection)
      ? [`Connection is ${connection === null ? 'not passed on' : `"${connection}"`}`]
      : []),
    ...(http === '1.0' ? ['the backend is asked in HTTP/1.0: some refuse the upgrade, others accept'] : []),
  ]
  const because = faults.length > 0 ? faults : [`Upgrade ${upgrade}, Connection ${connection}, HTTP/${http}`]
  // HTTP/1.0 alone is up to the backend.
  const passes = faults.length === 0 ? true : faults.length === 1 && http === '1.0' ? null : false
  return { passes, because: because.map((fault) => `${where}: ${fault}`), read_timeout }
}

/** Seconds (ngx_http_proxy_merge_loc_conf). */
const DEFAULT_TIMEOUT = 60

function isNew(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return major > 1 || minor > 29 || (minor === 29 && patch >= 7)
}
