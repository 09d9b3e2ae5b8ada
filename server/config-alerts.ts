/** The `alerts` part of halfopen.yaml: its keys, and the receivers and rules that it makes. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import {
  CHANNELS,
  KINDS,
  readHours,
  Secret,
  withSecrets,
  type Receiver,
  type Rule,
  type Rules,
  type Window,
} from './alerts/contract.ts'
import { ConfigError, type Locate } from './config-errors.ts'
import type { ConfigKey } from './config.ts'
import { duration, oneOrMore } from './config-values.ts'
import { allCauses } from './diagnosis/contract.ts'

/** Receiver names go into logs and the API, so they are plain words; the URL is a secret and never does. */
const receiverName = z.string().regex(/^[\w -]{1,40}$/, 'not a name of letters, digits, space, - and _')
const webhook = z.preprocess(
  (value) => (typeof value === 'string' ? { url: value } : value),
  z.strictObject({
    url: z.url({ protocol: /^https?$/, error: 'not an http or https URL' }),
    name: receiverName.optional(),
  }),
)
const [first, ...others] = CHANNELS.map(({ id, settings }) =>
  settings.extend({ type: z.literal(id), name: receiverName.optional() }),
)
if (first === undefined) throw new Error('no channels')
const types = CHANNELS.map(({ id }) => id).join(', ')
const channel = z.discriminatedUnion('type', [first, ...others], {
  error: `no channel of this type; known are ${types}`,
})

const durationOrNone = (atLeast: number) =>
  z.union([z.literal('none').transform(() => null), duration(atLeast)], { error: 'not a time, and not none' })
const severity = z.enum(['critical', 'error', 'warning', 'info'])
const glob = z.string().min(1, 'empty').max(300, 'too long')
const rate = z.string().transform((text, context) => {
  const found = /^(\d{1,6}) in (.+)$/.exec(text.trim())
  const within = duration(1000).safeParse(found?.[2] ?? '')
  if (found && Number(found[1]) > 0 && within.success && within.data <= 86_400_000)
    return { count: Number(found[1]), within: within.data }
  context.addIssue({ code: 'custom', message: 'not a rate such as 10 in 5m, of a day at most' })
  return z.NEVER
})
const causes = allCauses().map(({ id }) => id)
const rule = z.strictObject({
  name: receiverName,
  kind: oneOrMore(z.enum(KINDS, { error: `not one of ${KINDS.join(', ')}` })).default([]),
  cause: oneOrMore(z.enum(causes, { error: 'no cause of this name' })).default([]),
  severity: severity.default('warning'),
  confidence: z.number().min(0).max(1).default(0.5),
  host: glob.nullable().default(null),
  path: glob.nullable().default(null),
  upstream: glob.nullable().default(null),
  rate: rate.nullable().default(null),
  channels: oneOrMore(receiverName).optional(),
  send: z.boolean().default(true),
  cooldown: duration(0).optional(),
  remind_every: durationOrNone(60_000).optional(),
})
const hours = z.string().transform((text, context) => {
  const found = readHours(text)
  if (found) return found
  context.addIssue({ code: 'custom', message: 'not hours such as 22:00-07:00 or Sat,Sun 00:00-24:00' })
  return z.NEVER
})
/** `2026-12-01T22:00Z/2026-12-02T02:00Z`, or hours that come again. */
const times = z.string().transform((text, context): Window['when'] => {
  const [from, to, ...rest] = text.split('/').map((part) => Date.parse(part.trim()))
  if (from !== undefined && to !== undefined && rest.length === 0 && from < to) return { from, to }
  const found = readHours(text)
  if (found) return found
  context.addIssue({ code: 'custom', message: 'neither FROM/TO in ISO 8601 nor hours such as Sun 02:00-04:00' })
  return z.NEVER
})
const maintenance = z.preprocess(
  (value) => (typeof value === 'string' ? { when: value } : value),
  z.strictObject({ when: times, host: glob.nullable().default(null), path: glob.nullable().default(null) }),
)

export const ALERT_FIELDS = {
  webhook: oneOrMore(webhook).default([]),
  channels: oneOrMore(channel).default([]),
  rules: oneOrMore(rule).default([]),
  default_rule: z.boolean().default(true),
  resolve_after: duration(1000).default(600_000),
  settle: duration(0).default(0),
  cooldown: duration(0).default(600_000),
  remind_every: durationOrNone(60_000).default(null),
  group_from: z
    .union([
      z.int(),
      z
        .string()
        .regex(/^\d{1,4}$/)
        .transform(Number),
    ])
    .refine((n) => n >= 2 && n <= 1000, 'not a number from 2 to 1000')
    .default(5),
  quiet_hours: oneOrMore(hours).default([]),
  let_through: z.union([severity, z.literal('none')]).default('critical'),
  maintenance: oneOrMore(maintenance).default([]),
  allow_private: z.boolean().default(false),
  dashboard_url: z
    .url({ protocol: /^https?$/, error: 'not an http or https URL' })
    .nullable()
    .default(null),
}

const members = (schema: z.ZodObject): string[] => Object.keys(schema.shape)

export const ALERT_KEYS: readonly ConfigKey[] = [
  {
    key: 'alerts.webhook',
    type: 'list',
    default: 'none',
    meaning: 'URL that receives a JSON POST when a problem opens and when it resolves; or a list of `{url, name}`.',
    expected: 'an http or https URL, or a list of {url, name}',
    members: ['url', 'name'],
  },
  {
    key: 'alerts.channels',
    type: 'list',
    default: 'none',
    meaning:
      'Receivers of other kinds: a list of `{type, name, …}` with the settings of the table below. Secrets can be written as `{env: NAME}` or `{file: PATH}`.',
    expected: `{type, name, …} with a type of ${types}`,
    members: [...new Set(['type', 'name', ...CHANNELS.flatMap(({ settings }) => members(settings))])],
  },
  {
    key: 'alerts.rules',
    type: 'list',
    default: 'none',
    meaning:
      'The first rule that matches decides: `{name, kind, cause, severity, confidence, host, path, upstream, rate, channels, send, cooldown, remind_every}`.',
    expected: 'a list of rules such as {name: api, path: /api/*, severity: error, rate: 10 in 5m, channels: [ops]}',
    members: members(rule),
  },
  {
    key: 'alerts.default_rule',
    type: 'switch',
    default: 'true',
    meaning:
      'After your own rules: everything that is at least a warning and likely, to all receivers; and logs that fall silent.',
    expected: 'true or false',
  },
  {
    key: 'alerts.resolve_after',
    type: 'duration',
    default: '10m',
    meaning: 'A problem that was quiet for so long counts as resolved.',
    expected: 'a time of at least 1s, such as 90s or 10m',
  },
  {
    key: 'alerts.settle',
    type: 'duration',
    default: '0s',
    meaning: 'Handshakes must have succeeded for so long before they resolve a problem.',
    expected: 'a time such as 0s or 5m',
  },
  {
    key: 'alerts.cooldown',
    type: 'duration',
    default: '10m',
    meaning:
      'A problem that comes and goes is announced once in so long; by the default rule its first return is told at once.',
    expected: 'a time such as 10m or 4h',
  },
  {
    key: 'alerts.remind_every',
    type: 'duration',
    default: 'none',
    meaning: 'A problem that lasts is told again after so long.',
    expected: 'a time of at least 1m, such as 4h or 1d, or none',
  },
  {
    key: 'alerts.group_from',
    type: 'text',
    default: '5',
    meaning: 'So many problems at the same moment are one message, for receivers that can show that.',
    expected: 'a number from 2 to 1000',
  },
  {
    key: 'alerts.quiet_hours',
    type: 'list',
    default: 'none',
    meaning: 'Hours in which nothing is sent, in `timezone`: what is still there is told afterwards.',
    expected: 'hours such as 22:00-07:00 or Sat,Sun 00:00-24:00, or a list of them',
  },
  {
    key: 'alerts.let_through',
    type: 'text',
    default: 'critical',
    meaning: 'Problems that are at least so severe pass quiet hours; `none`: nothing does.',
    expected: 'critical, error, warning, info or none',
  },
  {
    key: 'alerts.maintenance',
    type: 'list',
    default: 'none',
    meaning: 'Times in which new problems are not announced: FROM/TO, hours as above, or `{when, host, path}`.',
    expected: '2026-12-01T22:00Z/2026-12-02T02:00Z, or hours such as Sun 02:00-04:00, or {when, host, path}',
    members: ['when', 'host', 'path'],
  },
  {
    key: 'alerts.allow_private',
    type: 'switch',
    default: 'false',
    meaning:
      'Names of receivers may lead to this machine and its network; an address that is written out may anyway. Metadata services never.',
    expected: 'true or false',
  },
  {
    key: 'alerts.dashboard_url',
    type: 'text',
    default: 'where it listens',
    meaning: 'Address of the dashboard for links in messages.',
    expected: 'an http or https URL',
  },
]

type Settings = z.output<z.ZodObject<typeof ALERT_FIELDS>>

/** What `alerts` comes to. */
export interface Alerting {
  receivers: Receiver[]
  rules: Rules
  group_from: number
  allow_private: boolean
  dashboard_url: string | null
}

/** Throws ConfigError when names are not unique or lead nowhere. */
export function alertingOf(settings: Settings, locate: Locate): Alerting {
  const hooks = webhooks(settings.webhook, locate)
  const receivers = [...hooks, ...channels(settings.channels)]
  const names = new Set<string>()
  for (const [n, { name }] of receivers.entries()) {
    if (names.has(name))
      throw new ConfigError(
        `${locate(['alerts', 'channels', n - hooks.length, 'name'])}: two receivers are named ${name}; names must differ`,
      )
    names.add(name)
  }
  const { cooldown, remind_every } = settings
  const rules = settings.rules.map(({ kind, cause, channels: to, ...own }, n): Rule => {
    const unknown = to?.find((name) => !names.has(name))
    if (unknown !== undefined)
      throw new ConfigError(
        `${locate(['alerts', 'rules', n, 'channels'])}: no channel is named ${unknown}; ${names.size === 0 ? 'add it to alerts.channels' : `known are ${[...names].join(', ')}`}`,
      )
    return {
      ...own,
      kinds: kind,
      causes: cause,
      channels: to ?? null,
      cooldown: own.cooldown ?? cooldown,
      remind_every: own.remind_every === undefined ? remind_every : own.remind_every,
    }
  })
  const twice = rules.findIndex(
    ({ name }, n) => name === 'default' || rules.findIndex((one) => one.name === name) !== n,
  )
  if (twice !== -1)
    throw new ConfigError(
      `${locate(['alerts', 'rules', twice, 'name'])}: the name ${rules[twice]?.name ?? ''} is taken; names must differ`,
    )
  if (settings.default_rule) rules.push({ ...DEFAULT_RULE, cooldown, remind_every })
  return {
    receivers,
    rules: {
      rules,
      settle: settings.settle,
      quiet_hours: settings.quiet_hours,
      let_through: settings.let_through === 'none' ? null : settings.let_through,
      maintenance: settings.maintenance,
    },
    group_from: settings.group_from,
    allow_private: settings.allow_private,
    dashboard_url: settings.dashboard_url?.replace(/\/+$/, '') ?? null,
  }
}

const DEFAULT_RULE = {
  name: 'default',
  kinds: [],
  causes: [],
  severity: 'warning',
  confidence: 0.5,
  host: null,
  path: null,
  upstream: null,
  rate: null,
  channels: null,
  send: true,
  // Own rules mean their cooldown as it stands.
  tells_return: true,
} as const

const byType = new Map(CHANNELS.map((one) => [one.id, one]))

function channels(written: Settings['channels']): Receiver[] {
  const counts = new Map<string, number>()
  return written.map((one) => {
    const { type, name, ...settings } = one as { type: string; name?: string | undefined }
    const kind = byType.get(type)
    if (kind === undefined) throw new ConfigError(`alerts.channels: no channel of the type ${type}`)
    const n = (counts.get(type) ?? 0) + 1
    counts.set(type, n)
    return { name: name ?? (n === 1 ? type : `${type}-${n}`), channel: kind, settings }
  })
}

const webhooks = (written: Settings['webhook'], locate: Locate): Receiver[] =>
  withNames(written, locate).map(({ name, url }) => {
    const kind = byType.get('webhook')
    if (kind === undefined) throw new Error('no channel webhook')
    return { name, channel: kind, settings: { url: new Secret(url), secrets: [] } }
  })

/** Unnamed receivers become `webhook`, `webhook-2`, …; messages in the outbox find their receiver by name. */
export function withNames(receivers: Settings['webhook'], locate: Locate): { name: string; url: string }[] {
  const taken = new Set<string>()
  return receivers.map(({ url, name }, index) => {
    const wanted = name ?? (index === 0 ? 'webhook' : `webhook-${index + 1}`)
    if (taken.has(wanted))
      throw new ConfigError(
        `${locate(['alerts', 'webhook', index, 'name'])}: two receivers are named ${wanted}; names must differ`,
      )
    taken.add(wanted)
    return { name: wanted, url }
  })
}

/** `{env}` and `{file}` in `alerts.channels` replaced by what is there. Throws ConfigError. */
export function readSecrets(raw: Record<string, unknown>, env: NodeJS.ProcessEnv, base: string, locate: Locate): void {
  const { alerts } = raw
  if (typeof alerts !== 'object' || alerts === null || !('channels' in alerts)) return
  alerts.channels = withSecrets(alerts.channels, ['alerts', 'channels'], (place, path) => {
    const at = locate(path)
    if ('env' in place) {
      const value = env[place.env]?.trim()
      if (!value)
        throw new ConfigError(`${at}: there is no ${place.env} in the environment; set it, or use {file: PATH}`)
      return value
    }
    try {
      const text = readFileSync(resolve(base, place.file), 'utf8').trim()
      if (text !== '') return text
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new ConfigError(`${at}: ${place.file} cannot be read (${code}); name a file with the secret in it`)
    }
    throw new ConfigError(`${at}: ${place.file} is empty; it should hold the secret`)
  })
}
