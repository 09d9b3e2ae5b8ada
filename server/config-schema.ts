/** The shape of halfopen.yaml and what its values mean. Strict: a mistyped key must not silently change nothing. */
import { z } from 'zod'
import { PARSERS } from '../parsers/index.ts'
import { ALERT_FIELDS } from './config-alerts.ts'
import { duration, nonEmpty, oneOrMore } from './config-values.ts'

const SIZES = { MB: 1e6, GB: 1e9, MiB: 2 ** 20, GiB: 2 ** 30 } as const
/** `2GB` → 2e9 bytes; null: no limit. */
const size = (atLeast: number) =>
  z.string().transform((text, context): number | null => {
    if (text.trim() === 'none') return null
    const found = /^(\d{1,6}(?:\.\d{1,3})?)\s*([MG]i?B)$/i.exec(text.trim())
    const unit = Object.entries(SIZES).find(([name]) => name.toLowerCase() === found?.[2]?.toLowerCase())
    const bytes = found && unit ? Math.round(Number(found[1]) * unit[1]) : 0
    if (bytes >= atLeast) return bytes
    context.addIssue({ code: 'custom', message: found ? 'too small' : 'not a size' })
    return z.NEVER
  })

const listen = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string().transform((text, context): { host: string; port: number } => {
    const found = /^(?:(?:\[([0-9a-f:.]+)\]|([^\s:[\]/]+)):)?(\d{1,5})$/i.exec(text.trim())
    const port = Number(found?.[3])
    if (found && port <= 65_535) return { host: found[1] ?? found[2] ?? '127.0.0.1', port }
    context.addIssue({ code: 'custom', message: 'not an address with a port' })
    return z.NEVER
  }),
)

/** No `.` and `..`, which a browser resolves before it asks; no `//`, which it takes for another host; and nothing that
 *  could be encoded in another way, since the proxy may. */
const basePath = z
  .string()
  .regex(/^\/?(?:(?!\.{1,2}(?:\/|$))[\w~.-]+(?:\/(?!\.{1,2}(?:\/|$))[\w~.-]+)*\/?)?$/, 'not a path')
  .transform((text) => (text === '/' || text === '' ? '' : `/${text.replace(/^\/|\/$/g, '')}`))

const database = z.string().regex(/^sqlite:./, 'not a known database')
const timezone = z.string().refine(isZone, 'not a time zone')
const formats = PARSERS.map(({ id }) => id)
const format = z.enum(formats, { error: `not one of the formats ${formats.join(', ')}` })
const source = z.preprocess(
  (value) => (typeof value === 'string' ? { path: value } : value),
  z.strictObject({
    path: nonEmpty,
    format: format.optional(),
    log_format: nonEmpty.optional(),
    timezone: timezone.optional(),
  }),
)
export const configSchema = z.strictObject({
  listen: listen.default({ host: '127.0.0.1', port: 11_006 }),
  base_path: basePath.default(''),
  database: database.optional(),
  sources: oneOrMore(source).default([]),
  log_format: nonEmpty.nullable().default(null),
  nginx_config: nonEmpty.nullable().default(null),
  timezone: timezone.nullable().default(null),
  retention: duration(3_600_000).default(30 * 86_400_000),
  history: duration(0).nullable().default(null),
  max_size: size(64e6).default(2e9),
  alerts: z.strictObject(ALERT_FIELDS).prefault({}),
  auth: z
    .strictObject({
      password_file: nonEmpty.nullable().default(null),
      password: z.string().min(8, 'too short').nullable().default(null),
      trusted_proxy: z.boolean().default(false),
    })
    .prefault({}),
  allowed_hosts: oneOrMore(
    z
      .string()
      .regex(/^[\w.-]+$|^\[?[0-9a-f:.]+\]?$/i, 'not a host name (no scheme, no port)')
      .transform((host) => host.toLowerCase()),
  ).default([]),
  log: z.enum(['text', 'json']).default('text'),
})

function isZone(text: string): boolean {
  if (/^[+-](?:(?:0\d|1[0-3]):?[0-5]\d|14:?00)$/.test(text)) return true
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
