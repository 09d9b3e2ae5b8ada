/** Applications that print that the upgrade did not arrive, and what the configuration says of the place they mean: their
 *  lines name no path. */
import type { Reason } from './cause.ts'
import type { ConfigView, EffectiveProxy, Observation } from './contract.ts'
import { countOf, times } from './group.ts'

export const APP_SIGNS = ['app-connection-token-missing', 'app-upgrade-token-missing'] as const

export interface LikelyPlace {
  settings: EffectiveProxy
  /** `location / (/etc/nginx/nginx.conf:12)`. */
  where: string
  passes: boolean
  /** One that it serves. */
  path: string
}

/** Where sockets of known applications are; others are mostly below `/`. */
const PATHS = [
  '/api/websocket/exec',
  '/api/websocket',
  '/api/kernels/a/channels',
  '/api/live/ws',
  '/socket.io/',
  '/cable',
  '/ws',
  '/',
]

/** The block that serves them; null when the configuration has none, or several that do not agree. */
export function likelyPlace(config: ConfigView | null): LikelyPlace | null {
  if (config === null) return null
  const all = PATHS.flatMap((path) => {
    const settings = config.settings(null, path)
    return settings === null || settings.proxy_pass === null ? [] : [{ path, settings }]
  })
  const [first] = all
  if (first === undefined) return null
  const { path, settings } = first
  const passes = passesUpgrade(settings)
  if (all.some((other) => passesUpgrade(other.settings) !== passes)) return null
  return { settings, where: `${settings.context} (${settings.file}:${settings.line})`, passes, path }
}

export function appReasons(told: readonly Observation[]): Reason[] {
  const authenticated = told.some((o) => o.asked === 'likely')
  const what = told.some((o) => o.sign === 'app-connection-token-missing')
    ? "'upgrade' was missing in Connection"
    : "'websocket' was missing in Upgrade"
  const reasons = [
    {
      weight: authenticated ? 0.75 : 0.6,
      text: `the application printed what it received ${times(countOf(told))}: ${what}`,
    },
  ]
  if (authenticated)
    reasons.push({
      weight: 0.15,
      text: 'it asks for a login before it upgrades, so the request came from its own page and not from a scanner',
    })
  return reasons
}

/** `Connection` counts as passed when it is upgrade by constant, by map, or handed through. */
export function passesUpgrade(settings: EffectiveProxy): boolean {
  const upgrade = settings.set_headers.get('upgrade')?.value
  const connection = settings.set_headers.get('connection')?.value
  return (
    upgrade !== undefined &&
    upgrade !== '' &&
    connection !== undefined &&
    (/^upgrade$/i.test(connection) || connection.startsWith('$'))
  )
}

export function lacking(settings: EffectiveProxy): string {
  const missing = ['upgrade', 'connection'].filter((name) => (settings.set_headers.get(name)?.value ?? '') === '')
  if (missing.length === 0) return `Connection is set to "${settings.set_headers.get('connection')?.value ?? ''}"`
  return `no ${missing.map((name) => `proxy_set_header ${name === 'upgrade' ? 'Upgrade' : 'Connection'}`).join(' and no ')}`
}
