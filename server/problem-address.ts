/** The address a client of a problem uses, as far as it is known: what its page offers to probe. */
import { HalfopenError } from './http/contract.ts'
import { publicAddress, serve, type NginxConfig } from './nginx-config/contract.ts'
import type { ReportedFinding } from './prove/contract.ts'
import type { Store } from './store/contract.ts'

/** What can be asked for a stored problem; null: it names no path. Rejects with HalfopenError: unknown-problem. */
export async function askedOf(store: Pick<Store, 'problems'>, id: string): Promise<Asked | null> {
  const row = store.problems().find((problem) => problem.id === id)
  if (!row) throw new HalfopenError('unknown-problem', 'There is no problem with this id.')
  const { readFinding } = await import('./prove/contract.ts')
  const found = readFinding(JSON.stringify({ schema: 'halfopen.report/1', findings: [row.finding] }), id)
  if (typeof found === 'string' || found.path === null || !/^\/[\x21-\x7e]*$/.test(found.path)) return null
  return { ...found, path: found.path }
}
export type Asked = ReportedFinding & { path: string }

/** `wss://host/path`, with the port where that is another than usual. Without a configuration, or where it does not serve the
 *  problem's host, most sites speak TLS to their visitors.
 *  @param host a name that may stand in a Host header, see prove/host-to-send.ts */
export function addressOf(config: NginxConfig | null, host: string, path: string): string {
  const server = config === null ? null : (serve(config, host, path)?.server ?? null)
  const open = server === null ? null : publicAddress(server)
  const scheme = open?.scheme === 'http' ? 'ws' : 'wss'
  const usual = open === null || open.port === (scheme === 'wss' ? 443 : 80) || /:\d+$/.test(host)
  return `${scheme}://${host}${usual ? '' : `:${open.port}`}${path}`
}
