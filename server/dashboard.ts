/** The answers of the HTTP API, from the store and the running parts. */
import { configLint } from './config-lint.ts'
import { configState, servedBy } from './config-page.ts'
import { probeConfigured, proveConfigured } from './config-runs.ts'
import { isSame, linesAround } from './context-lines.ts'
import { addressOf, askedOf } from './problem-address.ts'
import { changeProblem, problemHistory } from './problem-changes.ts'
import type { AlertDesk } from './alerts/contract.ts'
import { buildReport, type ConfigView } from './diagnosis/contract.ts'
import { HalfopenError, type Dashboard, type Metric, type Stream } from './http/contract.ts'
import type { Problem, SourceState } from './http/wire.ts'
import { sessionLengths } from './session-lengths.ts'
import type { Live } from './live.ts'
import type { NginxFile } from './nginx-view.ts'
import { unreadSummary } from './scan/contract.ts'
import { analyzeUpload, UploadError } from './upload/contract.ts'
import type { ProblemRow, Store } from './store/contract.ts'

/** Of logs that are handed in: what a person pastes or drops. Larger ones are read where they are. */
const MAX_UPLOAD = 64 * 2 ** 20
const UPLOAD_WITHIN = 60_000

/** Resolved problems listed beside the open ones. */
const MAX_RESOLVED = 100

export interface DashboardOptions {
  store: Store
  live: Live
  alerts: AlertDesk
  stream: Stream
  config: () => ConfigView | null
  nginx: NginxFile | null
  version: string
  now: () => number
  sources: () => SourceState[]
  searched: () => { path: string; found: string }[]
  notices: () => string[]
  ready: () => boolean
  /** The program that takes `analyze`; null when it is not there. */
  entry: string | null
  /** Events stored since the start, by kind. */
  counted: () => ReadonlyMap<string, number>
}

export function createDashboard(options: DashboardOptions): Dashboard {
  const { store, live, alerts, config, now } = options
  return {
    // Evidence is kept per minute: the window begins and ends on whole ones.
    report(from, to) {
      const inputs = store.inputs()
      const known = new Set(inputs.map(({ path }) => path))
      // Of a log that is empty nothing is stored.
      const empty = options.sources().filter(({ path, state }) => state === 'idle' && !known.has(path))
      return buildReport(store.evidence(from, to), {
        inputs: [...inputs, ...empty.map(({ path }) => unreadSummary(path))],
        generatedAt: now(),
        config: config(),
        resolution: 60,
        from,
      })
    },
    problems() {
      const at = now()
      const ranked = store.problems().toSorted(byUrgency)
      let resolved = 0
      const shown = ranked.filter(({ state }) => state !== 'resolved' || ++resolved <= MAX_RESOLVED)
      const watching = options.sources().filter(({ state }) => state === 'reading' || state === 'idle').length
      return {
        problems: shown.map((row): Problem => live.problem(row, at)),
        blind_spots: [...live.blindSpots],
        watching,
      }
    },
    problem(id) {
      const row = store.problems().find((problem) => problem.id === id)
      return row ? live.problem(row, now()) : null
    },
    change: (id, change) => changeProblem(options, id, change),
    history: (id) => problemHistory(store, id),
    series: (from, to, step) => store.series(from, to, step),
    counts: (query) => store.counts(query),
    quantiles: (query) => store.quantiles(query),
    lengths: ({ from, to, where }) => ({
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      ...sessionLengths([...store.lifetimes(from, to).values()], where, config()),
    }),
    events: (query) => store.events(query),
    sources: () => ({
      sources: options.sources(),
      blind_spots: [...live.blindSpots],
      searched: options.searched(),
      notices: options.notices(),
    }),
    async context(id, source, line) {
      const row = store.problems().find((problem) => problem.id === id)
      if (!row) throw new HalfopenError('unknown-problem', 'There is no problem with this id.')
      // Only logs that are followed, and in them only what is evidence already: no way to read other files.
      const proof = row.finding.evidence.find((one) => one.source === source && one.line === line)
      const followed = options.sources().some(({ path }) => path === source)
      const gone = new HalfopenError('no-context', 'That line is not where it was; the log may have been rotated.')
      if (proof === undefined || !followed) throw gone
      const lines = await linesAround(source, line).catch(() => null)
      const here = lines?.find((one) => one.line === line)
      if (!lines || here === undefined || !isSame(here.text, proof.text)) throw gone
      return { source, lines }
    },
    config: () => configState(options.nginx),
    servedBy: (url) => servedBy(options.nginx, url),
    async servesProblem(id) {
      const asked = await askedOf(store, id)
      if (asked === null) return null
      const { hostToSend } = await import('./prove/contract.ts')
      const loaded = options.nginx?.loaded ?? null
      const host = loaded === null ? asked.server : hostToSend(loaded, asked.server, asked.path)
      const address = addressOf(loaded, host ?? 'localhost', asked.path)
      // A name out of a log need not be one.
      return URL.canParse(address) ? servedBy(options.nginx, new URL(address)) : null
    },
    lint: () => configLint(options.nginx),
    probe: (url, gone) => probeConfigured(options.nginx, url, gone),
    prove: (what, gone) => proveConfigured(options.nginx, what, store, gone),
    async analyze(upload) {
      const { entry } = options
      if (entry === null) throw new HalfopenError('analyze-failed', 'The command line of halfopen is not there.')
      try {
        return await analyzeUpload(upload, { entry, maxBytes: MAX_UPLOAD, timeout: UPLOAD_WITHIN })
      } catch (error) {
        throw error instanceof UploadError ? new HalfopenError(error.code, error.message) : error
      }
    },
    alerts: () => alerts.alerts(),
    previewAlerts: (days) => alerts.preview(days),
    testAlert: (channel) => alerts.test(channel),
    deliveries: (query) => alerts.deliveries(query),
    replay: (id) => alerts.replay(id),
    ready: options.ready,
    metrics: () => metrics(options),
  }
}

const STATES: readonly ProblemRow['state'][] = ['new', 'regressed', 'ongoing', 'imported', 'muted', 'resolved']
/** `muted` and `resolved` are nobody's concern now; the order of the others is the finding's. */
const group = ({ state }: ProblemRow): number => (state === 'resolved' ? 2 : state === 'muted' ? 1 : 0)
const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const

/** The order of findings in CONTRACT.md; resolved ones by the time they ended, the latest first. */
function byUrgency(a: ProblemRow, b: ProblemRow): number {
  const [x, y] = [a.finding, b.finding]
  return (
    group(a) - group(b) ||
    (b.resolved_at ?? 0) - (a.resolved_at ?? 0) ||
    Number(y.confidence >= 0.5) - Number(x.confidence >= 0.5) ||
    SEVERITIES.indexOf(x.severity) - SEVERITIES.indexOf(y.severity) ||
    y.confidence - x.confidence ||
    y.count - x.count ||
    (a.id < b.id ? -1 : 1)
  )
}

function metrics({ store, stream, version, sources, counted }: DashboardOptions): Metric[] {
  const states = sources()
  const perSource = (of: (source: SourceState) => number | null): Metric['samples'] =>
    states.flatMap((source) => {
      const value = of(source)
      return value === null ? [] : [{ labels: { source: source.path }, value }]
    })
  const rows = store.problems()
  const state = store.state()
  const messages = store.outboxCounts()
  const single = (value: number): Metric['samples'] => [{ labels: {}, value }]
  return [
    { name: 'halfopen_build_info', type: 'gauge', help: 'Version.', samples: [{ labels: { version }, value: 1 }] },
    { name: 'halfopen_lines_total', type: 'counter', help: 'Lines read.', samples: perSource(({ lines }) => lines) },
    {
      name: 'halfopen_unread_lines_total',
      type: 'counter',
      help: 'Lines in no known format.',
      samples: perSource(({ unparsed }) => unparsed),
    },
    {
      name: 'halfopen_source_lag_bytes',
      type: 'gauge',
      help: 'Bytes not read yet.',
      samples: perSource(({ lag_bytes }) => lag_bytes),
    },
    {
      name: 'halfopen_source_lag_seconds',
      type: 'gauge',
      help: 'Age of the newest line that was read while others wait; 0 when none does.',
      samples: perSource(({ lag_seconds }) => lag_seconds),
    },
    {
      name: 'halfopen_events_total',
      type: 'counter',
      help: 'Events stored since the start, by kind.',
      samples: [...counted()].map(([kind, value]) => ({ labels: { kind }, value })),
    },
    {
      name: 'halfopen_database_bytes',
      type: 'gauge',
      help: 'Size of the database.',
      samples: single(state.bytes),
    },
    {
      name: 'halfopen_storing',
      type: 'gauge',
      help: '1 when the last lines could be stored, 0 while the disk is full or the database cannot be written.',
      samples: single(state.trouble === null ? 1 : 0),
    },
    {
      name: 'halfopen_other_lines',
      type: 'gauge',
      help: 'Lines about places that found no room and are counted as (other), within the retention.',
      samples: single(state.other),
    },
    {
      name: 'halfopen_other_paths',
      type: 'gauge',
      help: 'Different paths of those lines, estimated: right to about 3 percent, and at least so many.',
      samples: single(state.other_paths),
    },
    {
      name: 'halfopen_problems',
      type: 'gauge',
      help: 'Problems, by state.',
      samples: STATES.map((state) => ({ labels: { state }, value: rows.filter((row) => row.state === state).length })),
    },
    {
      name: 'halfopen_stream_clients',
      type: 'gauge',
      help: 'Pages connected to the live stream.',
      samples: single(stream.size),
    },
    {
      name: 'halfopen_alerts_waiting',
      type: 'gauge',
      help: 'Messages not delivered yet.',
      samples: single(messages.waiting),
    },
    {
      name: 'halfopen_alerts_dead',
      type: 'gauge',
      help: 'Messages that were given up, within the retention.',
      samples: single(messages.dead),
    },
  ]
}
