/** halfopen.yaml: what can be set, read from the file, the environment and the command line.
 *  Precedence: command line > environment > file > default. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { z } from 'zod'
import { ALERT_KEYS, alertingOf, readSecrets, withNames, type Alerting } from './config-alerts.ts'
import { ConfigError, explain, locator, nearest } from './config-errors.ts'
import { isObject, readConfigFile } from './config-file.ts'
import { configSchema } from './config-schema.ts'

export { ConfigError } from './config-errors.ts'

/** How text of the environment becomes a value. */
export type KeyType = 'text' | 'path' | 'list' | 'duration' | 'switch'
export interface ConfigKey {
  key: string
  type: KeyType
  /** As shown to people. */
  default: string
  meaning: string
  /** Completes "expected …" in error messages. */
  expected: string
  /** Keys of its members, when they are objects. */
  members?: readonly string[]
}

/** Every key, in the order of the README. `HALFOPEN_` + the key in capitals, `.` as `__`, sets the same thing. */
export const CONFIG_KEYS: readonly ConfigKey[] = [
  {
    key: 'listen',
    type: 'text',
    default: '127.0.0.1:11006',
    meaning: 'Address and port of the dashboard. Anything but loopback needs `auth` first.',
    expected: 'ADDRESS:PORT such as 127.0.0.1:11006 or [::1]:11006',
  },
  {
    key: 'base_path',
    type: 'text',
    default: '/',
    meaning: 'Path in front of every URL, when a proxy passes it on. A proxy that strips it needs nothing here.',
    expected: 'a path such as /halfopen',
  },
  {
    key: 'database',
    type: 'text',
    default: 'sqlite:$XDG_STATE_HOME/halfopen/halfopen.sqlite, /var/lib/halfopen, or ./.halfopen',
    meaning: 'Where events and problems are kept.',
    expected: 'sqlite:PATH',
  },
  {
    key: 'sources',
    type: 'list',
    default: 'the usual places of nginx, NPM, SWAG, Plesk and cPanel',
    meaning:
      'Logs to follow: paths, globs, `docker:NAME`, `journald:UNIT`, `syslog:udp://ADDRESS:PORT` or `-`; ' +
      'or `{path, format, log_format, timezone}`.',
    expected: 'a path, a glob or docker:NAME, or {path, format?, log_format?, timezone?}, or a list of them',
    members: ['path', 'format', 'log_format', 'timezone'],
  },
  {
    key: 'log_format',
    type: 'text',
    default: 'detected',
    meaning: 'nginx `log_format` text of access logs that do not name their own.',
    expected: 'nginx log_format text such as \'$remote_addr [$time_local] "$request" $status\'',
  },
  {
    key: 'nginx_config',
    type: 'path',
    default: 'none',
    meaning: 'nginx.conf or an `nginx -T` dump: log formats are read from it, and advice names its files and lines.',
    expected: 'the path of nginx.conf or of an nginx -T dump',
  },
  {
    key: 'timezone',
    type: 'text',
    default: "the machine's",
    meaning: 'Zone of time stamps that have none (nginx error logs).',
    expected: 'an IANA zone such as Europe/Berlin, or an offset such as +02:00',
  },
  {
    key: 'retention',
    type: 'duration',
    default: '30d',
    meaning: 'How long events and counts are kept.',
    expected: 'a time of at least 1h, such as 12h, 30d or 8w',
  },
  {
    key: 'history',
    type: 'duration',
    default: 'as `retention`',
    meaning: 'How much of a log that is read for the first time is imported; older lines are passed over.',
    expected: 'a time such as 0s, 12h or 7d',
  },
  {
    key: 'max_size',
    type: 'text',
    default: '2GB',
    meaning:
      'How large the database may grow (at least 64MB); the oldest hours are deleted first. `none`: as large as it gets.',
    expected: 'a size of at least 64MB, such as 500MB or 2GB, or none',
  },
  ...ALERT_KEYS,
  {
    key: 'auth.password_file',
    type: 'path',
    default: 'none',
    meaning: 'File whose first line is the password (HTTP Basic, any user name).',
    expected: 'the path of a file with the password in it',
  },
  {
    key: 'auth.password',
    type: 'text',
    default: 'none',
    meaning: 'The password itself; meant for the environment (HALFOPEN_AUTH__PASSWORD).',
    expected: 'a password of at least 8 characters',
  },
  {
    key: 'auth.trusted_proxy',
    type: 'switch',
    default: 'false',
    meaning: 'Says that a proxy in front lets only the right people through; allows any listen address.',
    expected: 'true or false',
  },
  {
    key: 'allowed_hosts',
    type: 'list',
    default: 'loopback names and the listen address',
    meaning: 'Host names under which browsers may reach the dashboard; needed behind a proxy.',
    expected: 'a host name such as logs.example.org, or a list of them',
  },
  {
    key: 'log',
    type: 'text',
    default: 'text',
    meaning: 'Form of the messages on stderr: `text` for people, `json` for collectors.',
    expected: 'text or json',
  },
]

/** Times in ms; paths absolute, except `sources` of the command line, which stay as they were written. */
export interface Config extends Omit<z.infer<typeof configSchema>, 'database' | 'alerts'> {
  /** The file that was read; null when there is none. */
  file: string | null
  database: { path: string }
  alerts: { webhook: { name: string; url: string }[]; resolve_after: number }
  /** The rest of `alerts`, and what it comes to. */
  alerting: Alerting
  /** Things to mention that do not stop the start. */
  warnings: string[]
}

export interface ConfigInputs {
  /** From --config-file; null: HALFOPEN_CONFIG_FILE, else ./halfopen.yaml when it is there. */
  file: string | null
  /** Dotted key → value from the command line; undefined: not given. */
  cli: Readonly<Record<string, unknown>>
  env: NodeJS.ProcessEnv
  cwd: string
}

/** Option names that are not the key with `-` for `_`. */
const OPTIONS: Readonly<Record<string, string>> = { nginx_config: '--config', sources: 'INPUT', history: '--since' }

/** Reads and checks everything. Throws ConfigError only. */
export function loadConfig({ file, cli, env, cwd }: ConfigInputs): Config {
  const named = file ?? env['HALFOPEN_CONFIG_FILE'] ?? null
  const path = named === null ? join(cwd, 'halfopen.yaml') : resolve(cwd, named)
  const read = named === null && !existsSync(path) ? null : readConfigFile(path)
  const raw = read?.values ?? {}
  const origins = new Map<string, string>()
  const { settings, warnings } = fromEnvironment(env)
  for (const { key, value, name } of settings) {
    assign(raw, key, value)
    origins.set(key, name)
  }
  for (const [key, value] of Object.entries(cli)) {
    if (value === undefined) continue
    assign(raw, key, value)
    origins.set(key, OPTIONS[key] ?? `--${key.replaceAll('_', '-')}`)
  }
  const locate = locator(origins, read)
  readSecrets(raw, env, read === null ? cwd : dirname(path), locate)
  const result = configSchema.safeParse(raw)
  const issue = result.error?.issues[0]
  if (!result.success) throw new ConfigError(issue ? explain(issue, CONFIG_KEYS, origins, read) : 'not usable')
  const { alerts, database, ...rest } = result.data
  if (rest.sources.filter(({ path: name }) => name === '-').length > 1)
    throw new ConfigError(
      `${locate(['sources'])}: "-" is named twice; standard input can be read once, so name it once`,
    )
  return {
    ...rest,
    file: read === null ? null : path,
    database: {
      path: database === undefined ? defaultDatabase(env, cwd) : resolve(cwd, database.slice('sqlite:'.length)),
    },
    alerts: { webhook: withNames(alerts.webhook, locate), resolve_after: alerts.resolve_after },
    alerting: alertingOf(alerts, locate),
    warnings,
  }
}

export const variableOf = (key: string): string => `HALFOPEN_${key.replaceAll('.', '__').toUpperCase()}`

/** Names that begin like ours and are none: Kubernetes makes HALFOPEN_PORT and its like for a service `halfopen`. */
const NOT_SETTINGS = /^HALFOPEN_(?:CONFIG_FILE$|TEST_|SCREENSHOTS$|PORT|SERVICE_(?:HOST|PORT))/

function fromEnvironment(env: NodeJS.ProcessEnv): {
  settings: { key: string; value: unknown; name: string }[]
  warnings: string[]
} {
  const variables = CONFIG_KEYS.map(({ key }) => variableOf(key))
  const settings = CONFIG_KEYS.flatMap(({ key, type }) => {
    const name = variableOf(key)
    const text = env[name]
    return text === undefined || text === '' ? [] : [{ key, name, value: fromText(text, type) }]
  })
  const strangers = Object.keys(env).filter((name) => name.startsWith('HALFOPEN_') && !NOT_SETTINGS.test(name))
  const warnings = strangers
    .filter((name) => !variables.includes(name))
    .map((name) => {
      const like = nearest(name, variables)
      return `${name} in the environment sets nothing${like === null ? '' : `; did you mean ${like}?`}`
    })
  return { settings, warnings }
}

/** Lists are separated by commas; a comma inside a URL is part of it. */
function fromText(text: string, type: KeyType): unknown {
  if (type === 'switch') return text === 'true' ? true : text === 'false' ? false : text
  if (type !== 'list') return text
  const parts = text.split(/^https?:/.test(text) ? /,\s*(?=https?:)/ : /,/).map((part) => part.trim())
  return parts.filter((part) => part !== '')
}

function assign(raw: Record<string, unknown>, key: string, value: unknown): void {
  const [first = '', second] = key.split('.')
  if (second === undefined) raw[first] = value
  else raw[first] = { ...(isObject(raw[first]) ? raw[first] : {}), [second]: value }
}

function defaultDatabase(env: NodeJS.ProcessEnv, cwd: string): string {
  const state = env['XDG_STATE_HOME']
  if (state) return join(state, 'halfopen', 'halfopen.sqlite')
  try {
    if (statSync('/var/lib/halfopen').isDirectory()) {
      accessSync('/var/lib/halfopen', constants.W_OK)
      return '/var/lib/halfopen/halfopen.sqlite'
    }
  } catch {
    // Not there or not ours.
  }
  return join(cwd, '.halfopen', 'halfopen.sqlite')
}
