/** The loop of a running server: stored evidence → findings → problems → messages, and what the page must hear of it. */
import { decide, endedBy, mutedUntil, type Decision } from './alerts/contract.ts'
import {
  diagnose,
  emptyErrorLogs,
  emptyEvidence,
  merge,
  quietErrorLogs,
  workedLater,
  type BlindSpot,
  type ConfigView,
  type Evidence,
  type Finding,
} from './diagnosis/contract.ts'
import type { Stream } from './http/contract.ts'
import type { Problem, SourceState } from './http/wire.ts'
import type { NewsDesk } from './live-news.ts'
import { Naming, superseded } from './superseded.ts'
import { touches, triedSince } from './live-touches.ts'
import { Watch } from './live-watch.ts'
import type { ProblemRow, Store } from './store/contract.ts'

const MINUTE = 60_000
const DAY = 86_400_000
/** Clocks and zones of logs may be off by this much; their lines still count as current. */
const AHEAD = 15 * 3_600_000
/** Events sent to the page per round; more are a flood that nobody reads line by line. */
const MAX_EVENTS = 200

/** What was just stored of one source. */
export interface Committed {
  path: string
  evidence: Evidence
  /** True when all of it existed before the source was first seen. */
  history: boolean
}

export interface LiveOptions {
  store: Store
  stream: Stream
  config: () => ConfigView | null
  sources: () => readonly Pick<SourceState, 'path' | 'state' | 'hint' | 'lines' | 'to' | 'format'>[]
  /** Asks all sources to read what is there. */
  look?: () => void
  news: NewsDesk
  resolve_after: number
  /** Epoch ms. */
  now: () => number
  /** A finding's state changed; one line. */
  log: (text: string) => void
}

export class Live {
  private readonly options: LiveOptions
  /** Live evidence since the last round. */
  private fresh = emptyEvidence()
  private hasFresh = false
  private hasHistory = false
  /** Sources of which history was read since the last round: their events are not announced. */
  private readonly importing = new Set<string>()
  /** Sources of which live lines were read since the last round. */
  private readonly spoke = new Set<string>()
  private readonly minutes = new Set<number>()
  /** Something was stored that the page does not show yet. */
  private untold = false
  /** A round of this run is over. */
  private hasJudged = false
  private findings: readonly Finding[] = []
  /** Quiet problems that the evidence of now holds no failure of, with what worked since. */
  private passed: readonly Finding[] = []
  private diagnosed = -Infinity
  private lastEvent: number | null = null
  private readonly watch = new Watch()
  private readonly naming = new Naming()
  /** What the page was last told about problems that cannot be judged. */
  private readonly held = new Map<string, string | null>()
  blindSpots: readonly BlindSpot[] = []

  constructor(options: LiveOptions) {
    this.options = options
  }

  /** There is something for `round` to do. */
  get due(): boolean {
    return this.hasFresh || this.hasHistory || this.naming.waits
  }

  /** The nginx configuration is another one: the next round judges everything again. */
  configChanged(): void {
    this.diagnosed = -Infinity
  }

  /** Call after every commit. */
  committed({ path, evidence, history }: Committed): void {
    if (history) {
      this.hasHistory = true
      this.importing.add(path)
    } else {
      merge(this.fresh, evidence)
      this.hasFresh = true
      this.spoke.add(path)
    }
    for (const minute of minutesOf(evidence)) this.minutes.add(minute)
    this.untold = true
  }

  /** Looks at everything once: at most every second while lines arrive, and now and then to notice silence.
   *  Returns true when there are messages to deliver. */
  round(): boolean {
    const { store, now, news } = this.options
    const at = now()
    const { fresh, hasFresh, hasHistory } = this
    const sources = this.options.sources()
    // Without new lines findings only change by growing old.
    if (hasFresh || hasHistory || at - this.diagnosed >= 5 * MINUTE) {
      const window = this.window(at)
      const evidence = store.evidence(...window)
      const read = sources.filter(({ state }) => state === 'idle' || state === 'reading')
      const { findings, blind_spots } = diagnose(evidence, {
        config: this.options.config(),
        emptyErrorLogs: emptyErrorLogs(read),
        quietErrorLogs: quietErrorLogs(read, window[0]),
      })
      this.findings = findings
      this.passed = passed(evidence, store.problems(), findings)
      this.blindSpots = blind_spots
      this.diagnosed = at
    }
    this.watch.look(sources, at)
    news.begin()
    const watched = news.watch(sources, this.spoke, at)
    const happened = this.happenedIn(fresh, hasFresh, hasHistory)
    const changed: ProblemRow[] = []
    const told: ProblemRow[] = []
    const rows = new Map(store.problems().map((row) => [row.id, row]))
    const current = new Map(
      [...this.findings, ...this.passed].map((finding) => [
        finding.id,
        this.watch.isBehind ? notOver(finding) : finding,
      ]),
    )
    const seen = [...current.values()].filter(
      (finding) => happened(finding, rows.get(finding.id) ?? null) || this.naming.waited(finding),
    )
    const live = this.naming.ready(seen, rows, sources)
    if (this.naming.waits) this.options.look?.()
    const liveIds = new Set(live.map(({ id }) => id))
    const named = superseded(rows.values(), live, current)
    for (const id of new Set([...rows.keys(), ...current.keys()])) {
      if (this.naming.holds(id)) continue
      const previous = rows.get(id) ?? null
      const judged = current.get(id) ?? null
      const isLive = judged !== null && liveIds.has(id)
      const finding = isLive && previous?.state === 'resolved' ? this.ofEpisode(judged, previous, at) : judged
      const last_live = isLive ? at : (previous?.last_live ?? null)
      const { resolve_after } = this.options
      const shown = previous?.finding ?? finding
      const watched_since = shown === null ? 0 : this.watch.since(shown)
      const terms = shown === null ? undefined : news.termsOf(finding ?? shown, previous, at)
      const ended = named.has(id) ? { superseded: true } : {}
      const observed = {
        now: at,
        finding,
        last_live,
        resolve_after,
        watched_since,
        ...ended,
        ...(terms ? { terms } : {}),
      }
      const { decision, next } = decide(previous, observed)
      if (next === null) continue
      const different = isDifferent(previous, next)
      if (different || this.heldNow(next) !== (this.held.get(id) ?? null)) told.push(next)
      this.hold(next)
      if (!different) continue
      changed.push(next)
      if (decision.notify) news.add(decision, previous, next, { now: at, tried: this.tried(decision, next, at), terms })
      if (previous?.state !== next.state)
        this.options.log(
          `${decision.reason.startsWith('quiet') ? 'quiet' : next.state}: ${next.finding.title} (${next.finding.cause}; ${decision.reason})`,
        )
    }
    const messages = news.messages(at)
    if (changed.length + watched.length + messages.length > 0) store.saveProblems(changed, messages, watched)
    news.stored(watched)
    // Only now: had the store failed, the next round would have to see these lines again.
    this.fresh = emptyEvidence()
    this.spoke.clear()
    this.hasFresh = false
    this.hasHistory = false
    this.hasJudged = true
    this.publish(told, at)
    this.importing.clear()
    return messages.length > 0
  }

  /** Saves what a person decided. Null when there is no such problem. */
  change(id: string, decided: (row: ProblemRow, now: number) => ProblemRow): Problem | null {
    const { store, now } = this.options
    const find = (): ProblemRow | undefined => store.problems().find((problem) => problem.id === id)
    // What was read before the decision is no news after it. While history is imported nothing is judged.
    if (find() !== undefined && this.diagnosed > -Infinity && this.due) this.round()
    const row = find()
    if (!row) return null
    const at = now()
    const next = decided(row, at)
    if (next !== row) {
      // Receivers hear of it with the next round.
      store.saveProblems([next], [])
    }
    this.publish([next], at)
    return this.problem(next, at)
  }

  /** The wire form of a row. */
  problem(row: ProblemRow, at: number): Problem {
    const { id, state, opened_at, changed_at, resolved_at, finding } = row
    const iso = (time: number): string => new Date(time).toISOString()
    return {
      id,
      state,
      opened_at: iso(opened_at),
      changed_at: iso(changed_at),
      resolved_at: resolved_at === null ? null : iso(resolved_at),
      resolved_by: endedBy(row),
      muted: state === 'muted' ? { until: untilOf(mutedUntil(row)) } : null,
      notes: row.notes ?? 0,
      held: this.heldNow(row),
      finding,
      sparkline: this.options.store.sparkline(finding, at - DAY, at, 48),
    }
  }

  private hold(row: ProblemRow): void {
    const held = this.heldNow(row)
    if (held !== null && (this.held.get(row.id) ?? null) === null)
      this.options.log(`not watched: ${row.finding.title} (${held})`)
    this.held.set(row.id, held)
  }

  private heldNow({ state, finding }: ProblemRow): string | null {
    return state === 'resolved' || state === 'muted' ? null : this.watch.held(finding)
  }

  /** A problem that came back, judged by what was read since it was resolved: the handshakes that succeeded in between
   *  belong to the time it was gone, and do not speak against it. The stronger of both judgements. */
  private ofEpisode(finding: Finding, { resolved_at }: ProblemRow, at: number): Finding {
    if (finding.over || resolved_at === null) return finding
    const evidence = this.options.store.evidence(resolved_at - (resolved_at % MINUTE), at + AHEAD)
    const { findings } = diagnose(evidence, { config: this.options.config() })
    const alone = findings.find(({ id, over }) => id === finding.id && !over)
    return alone !== undefined && alone.confidence > finding.confidence ? alone : finding
  }

  /** Lines that are stored but were not read by this run are not announced. */
  skipStoredEvents(): void {
    this.lastEvent = this.newestEvent()
  }

  private newestEvent(): number {
    const { events } = this.options.store.events({ cursor: null, limit: 1 })
    return events[0]?.id ?? 0
  }

  /** The last 24 h of evidence, up to now; of logs that ended earlier, their last 24 h. */
  private window(at: number): [from: number, to: number] {
    const { store } = this.options
    const ends = store.inputs().flatMap(({ to }) => (to === null ? [] : [Date.parse(to)]))
    const newest = ends.length === 0 ? at : Math.max(...ends)
    return [Math.min(at, newest) - DAY, Math.max(at, Math.min(newest, at + AHEAD)) + MINUTE]
  }

  /** Did this finding occur in a line that was read live since the last round? History must never look like it, so when
   *  both kinds arrived together the live lines alone have to show the finding. So they have in the first round: what is
   *  stored may be history that was imported by a run that was killed before it had looked at it. */
  private happenedIn(fresh: Evidence, hasFresh: boolean, hasHistory: boolean) {
    const alone =
      hasFresh && (hasHistory || !this.hasJudged) ? diagnose(fresh, { config: this.options.config() }).findings : null
    const shownAlone = alone === null ? null : new Set(alone.map(({ id }) => id))
    return (finding: Finding, previous: ProblemRow | null): boolean => {
      if (!hasFresh || !touches(fresh, finding)) return false
      const unknown = previous === null || previous.state === 'imported'
      if (shownAlone !== null && (hasHistory || unknown)) return shownAlone.has(finding.id)
      if (previous === null) return true
      const before = previous.finding
      // The window slides: the count may fall while the finding goes on.
      if ((finding.last_seen ?? '') > (before.last_seen ?? '')) return true
      const { server, path, upstream } = finding.scope
      // Of no place, every line touches it, and more may be counted to what was there before.
      return finding.count > before.count && (server ?? path ?? upstream) !== null
    }
  }

  /** Anything was asked there after it was last seen. */
  private tried(decision: Decision, { finding: { scope, last_seen } }: ProblemRow, at: number): boolean {
    if (decision.reason !== 'quiet' && decision.reason !== 'quiet-hours-over') return false
    return (
      last_seen === null || triedSince(this.options.store.evidence(...this.window(at)), scope, Date.parse(last_seen))
    )
  }

  private publish(changed: readonly ProblemRow[], at: number): void {
    for (const row of changed) this.options.stream.publish('problem', this.problem(row, at))
    this.tell(at)
  }

  /** Shows the page what was stored since it was last told. Cheap beside a judgement, so it may be done far more often. */
  tell(at: number): void {
    const { store, stream } = this.options
    if (!this.untold) return
    const minutes = [...this.minutes].filter((minute) => minute >= at - DAY && minute <= at + MINUTE)
    this.minutes.clear()
    if (minutes.length > 0) {
      const wanted = new Set(minutes)
      const { buckets } = store.series(Math.min(...minutes), Math.max(...minutes) + MINUTE, 60)
      stream.publish(
        'series',
        buckets.filter(({ time }) => wanted.has(Date.parse(time))),
      )
    }
    if (this.lastEvent === null) return
    const last = this.lastEvent
    const { events } = store.events({ cursor: null, limit: MAX_EVENTS })
    const unseen = events.filter(({ id }) => id > last).toSorted((a, b) => a.id - b.id)
    for (const event of unseen) if (!this.importing.has(event.source)) stream.publish('event', event)
    this.lastEvent = unseen.at(-1)?.id ?? last
    this.untold = false
  }
}

export const untilOf = (until: number | 'regressed' | null): string | null =>
  typeof until === 'number' ? new Date(until).toISOString() : until

/** A problem that was quiet for a day is resolved by the handshakes of later, too. */
function passed(evidence: Evidence, rows: readonly ProblemRow[], findings: readonly Finding[]): Finding[] {
  const present = new Set(findings.map(({ id }) => id))
  const unproven = (row: ProblemRow): boolean => endedBy(row) === 'quiet' || endedBy(row) === 'hand'
  const quiet = rows.filter((row) => unproven(row) && !present.has(row.id)).map(({ finding }) => finding)
  if (quiet.length === 0) return []
  const later = workedLater(evidence, quiet)
  return quiet.flatMap((finding) => {
    const worked = later.get(finding.id)
    return worked === undefined ? [] : [{ ...finding, worked }]
  })
}

function notOver(finding: Finding): Finding {
  const { over, ...open } = finding
  return over?.was === undefined ? open : { ...open, ...over.was }
}

function isDifferent(previous: ProblemRow | null, next: ProblemRow): boolean {
  return previous === null || JSON.stringify(previous) !== JSON.stringify(next)
}

/** Minutes in which anything was counted. */
function minutesOf(evidence: Evidence): Set<number> {
  const minutes = new Set(evidence.requests_per_minute.keys())
  for (const { minutes: counted } of evidence.observations.values())
    for (const minute of counted.keys()) minutes.add(minute)
  return minutes
}
