/** Composition root of `serve`: the only place that constructs the running parts, and closes them in reverse. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AlertDesk, Outbox } from './alerts/contract.ts'
import { ConfigError, type Config } from './config.ts'
import { createDashboard } from './dashboard.ts'
import { startDemo, type Demo } from './demo.ts'
import { mostFollowed } from './descriptors.ts'
import {
  checkListen,
  createApp,
  HalfopenError,
  readPassword,
  startListener,
  Stream,
  withPort,
} from './http/contract.ts'
import type { SourceState } from './http/wire.ts'
import { createLogger, type Logger } from './logging.ts'
import { Live } from './live.ts'
import { NewsDesk } from './live-news.ts'
import { Loop } from './loop.ts'
import { ingest } from './ingest.ts'
import { NginxFile } from './nginx-view.ts'
import { packageFolder } from './package-folder.ts'
import { choose, wallClock, zoneClock } from './scan/contract.ts'
import { Sources } from './sources.ts'
import { openSqliteStore, StoreError } from './store/contract.ts'
import { storeNotices } from './store-notices.ts'
import { followFile } from './tail/contract.ts'

export { loadConfig } from './config.ts'

/** Closing takes at most so long; what is not done then is done after the next start. */
const CLOSE_WITHIN = 5_000
/** Logs that are told of one by one. */
const SHOWN = 20

export interface ServerOptions {
  config: Config
  version: string
  demo?: boolean
  /** Epoch ms. */
  now?: () => number
  logger?: Logger
}

export interface RunningServer {
  /** Where the dashboard is, without a trailing slash. */
  url: string
  /** Stops everything, the last started first. */
  close(): Promise<void>
}

/** Failures that the user can mend: one line, exit code 2. */
export const isExpected = (error: unknown): error is Error =>
  error instanceof ConfigError || error instanceof HalfopenError || error instanceof StoreError

/** Starts everything and resolves when the dashboard can be opened. When something cannot start, what was started
 *  before it is closed again and the error is thrown (isExpected tells the user's from ours). */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const started: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (const stop of started.splice(0).toReversed()) await stop()
  }
  try {
    const url = await start(options, started)
    return { url, close: () => within(CLOSE_WITHIN, close()) }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(options: ServerOptions, started: (() => unknown)[]): Promise<string> {
  const { version, now = Date.now } = options
  const demo = options.demo === true ? startDemo() : null
  if (demo) started.push(() => demo.close())
  const config = demo ? forDemo(options.config, demo) : options.config
  const logger = options.logger ?? createLogger(config.log)
  const { listen, auth } = config
  const password = auth.password ?? (auth.password_file === null ? null : readPassword(auth.password_file))
  checkListen({ ...listen, password: password !== null, trusted_proxy: auth.trusted_proxy })
  const nginx = config.nginx_config === null ? null : new NginxFile(config.nginx_config)

  const store = openSqliteStore(config.database.path)
  started.push(() => store.close())
  const stream = new Stream({ version, started_at: new Date(now()).toISOString() })
  let url = ''
  const { alerting } = config
  const { receivers, allow_private } = alerting
  const wall = wallClock(config.timezone)
  const news = new NewsDesk({
    store,
    alerting,
    wall,
    dashboard: () => url,
    log: (text) => logger.warn(text),
  })
  const live = new Live({
    store,
    stream,
    config: () => nginx?.view ?? null,
    sources: () => states(),
    look: () => void sources.poll(),
    news,
    resolve_after: config.alerts.resolve_after,
    now,
    log: (text) => logger.info(text),
  })
  const counted = new Map<string, number>()
  const sources = new Sources({
    config,
    logFormats: () => nginx?.logFormats ?? null,
    cwd: process.cwd(),
    now,
    isKnown: (path) => store.positions().some((known) => known.path === path),
    most: mostFollowed(),
    follow: (path, { format, logFormat, timezone }, kind) =>
      ingest({
        store,
        path,
        open: (source) => kind?.open(path, source) ?? followFile({ path, ...source }),
        parsers: choose({ format, logFormat }),
        shift: zoneClock(timezone).follow,
        history_since: now() - (config.history ?? config.retention),
        own: ownAddresses(listen),
        onCommitted(committed) {
          live.committed(committed)
          loop.committed()
          if (!committed.history) sources.live(path)
          for (const { kind, echo } of committed.events) if (!echo) counted.set(kind, (counted.get(kind) ?? 0) + 1)
        },
      }),
  })
  started.push(() => sources.close())
  const outbox = new Outbox({
    store,
    receivers,
    user_agent: `halfopen/${version}`,
    allow_private,
    now,
    log: (level, text) => logger[level](text),
  })
  started.push(() => outbox.close())
  const alerts = new AlertDesk({
    store,
    outbox,
    receivers,
    rules: alerting.rules,
    group_from: alerting.group_from,
    resolve_after: config.alerts.resolve_after,
    wall,
    user_agent: `halfopen/${version}`,
    allow_private,
    now,
  })
  started.push(() => alerts.close())
  const states = (): SourceState[] => sources.states(store.inputs())
  const { retention, max_size } = config
  const loop = new Loop({ sources, live, outbox, store, stream, states, nginx, retention, max_size, now, logger })
  const dashboard = createDashboard({
    store,
    live,
    alerts,
    stream,
    config: () => nginx?.view ?? null,
    nginx,
    version,
    now,
    sources: states,
    searched: () => sources.searched,
    notices: () => [...storeNotices(store.state()), ...(nginx?.notice ? [nginx.notice] : []), ...sources.notices],
    ready: () => loop.ready,
    entry: commandLine(),
    counted: () => counted,
  })
  const app = await createApp({
    dashboard,
    stream,
    listen: listen.host,
    allowed_hosts: config.allowed_hosts,
    base_path: config.base_path,
    password,
    web: webFolder(),
    version,
    now,
    onBug: (error) => logger.error(error, 'a request failed'),
  })
  const listener = await startListener(app, listen.host, listen.port)
  started.push(() => {
    stream.close()
    return listener.close()
  })
  url = listener.origin + config.base_path
  // Nothing is read for a server that cannot have its port.
  await sources.find(true)
  started.push(() => loop.close())
  loop.start()
  introduce(logger, url, config, sources, demo)
  return url
}

/** The first lines a person reads. */
function introduce(logger: Logger, url: string, config: Config, sources: Sources, demo: Demo | null): void {
  logger.info(`dashboard at ${url}`)
  if (demo) logger.info('demo: the traffic is generated, not yours; nothing is kept')
  for (const warning of config.warnings) logger.warn(warning)
  for (const { path, found } of sources.searched) logger.info(`looked at ${path}: ${found}`)
  for (const notice of sources.notices) logger.warn(notice)
  const { paths } = sources
  for (const path of paths.slice(0, SHOWN)) logger.info(`reading ${path}`)
  if (paths.length > SHOWN) logger.info(`reading ${(paths.length - SHOWN).toLocaleString('en')} more logs`)
  if (sources.paths.length === 0)
    logger.warn('nothing to read: name logs (halfopen serve FILE…), or look around with --demo (npm start -- --demo)')
  for (const { name } of config.alerting.receivers) logger.info(`alerts go to ${name}`)
}

/** Made-up traffic must never meet real history, and must not alert anybody. */
function forDemo(config: Config, demo: Demo): Config {
  return {
    ...config,
    sources: demo.files.map((path) => ({ path })),
    database: { path: join(demo.folder, 'demo.sqlite') },
    nginx_config: null,
    log_format: null,
    timezone: null,
    alerts: { ...config.alerts, webhook: [] },
    alerting: { ...config.alerting, receivers: [] },
  }
}

/** How nginx may name us as its upstream. */
function ownAddresses({ host, port }: Config['listen']): Set<string> {
  return new Set([withPort(host, port), ...['127.0.0.1', '[::1]', 'localhost'].map((name) => `${name}:${port}`)])
}

/** The built dashboard; null when there is none, as in a checkout that was never built. */
function webFolder(): string | null {
  const root = packageFolder()
  const folder = root === null ? null : join(root, 'dist', 'web')
  return folder !== null && existsSync(join(folder, 'index.html')) ? folder : null
}

/** What the `halfopen` of the package starts. */
function commandLine(): string | null {
  const root = packageFolder()
  const file = root === null ? null : join(root, 'server', 'cli', 'halfopen.mjs')
  return file !== null && existsSync(file) ? file : null
}

function within(ms: number, work: Promise<void>): Promise<void> {
  return Promise.race([work, new Promise<void>((resolve) => setTimeout(resolve, ms).unref())])
}
