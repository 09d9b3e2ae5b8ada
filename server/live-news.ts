/** What a round has to tell, collected: terms of each problem by the rules, news of problems and of sources. */
import {
  announce,
  kindOf,
  kindOfNews,
  ruleFor,
  termsFor,
  watchSources,
  type Decision,
  type Kind,
  type News,
  type Terms,
} from './alerts/contract.ts'
import type { Alerting } from './config-alerts.ts'
import { Surges } from './live-surges.ts'
import type { Finding } from './diagnosis/contract.ts'
import type { SourceState } from './http/wire.ts'
import type { OutboxRow, ProblemRow, Store, WatchedSource } from './store/contract.ts'

export interface NewsOptions {
  store: Store
  alerting: Alerting
  /** Local time of epoch ms, see scan/zone.ts. */
  wall: (now: number) => number
  /** Address of the dashboard without a trailing slash, for links in messages. */
  dashboard: () => string
  /** Where people are told of a source. */
  log: (text: string) => void
}

type Seen = Pick<SourceState, 'path' | 'state'> & { hint?: string | null }

export class NewsDesk {
  private readonly options: NewsOptions
  private news: News[] = []
  /** What is known of the sources; read once. */
  private watched: Map<string, WatchedSource> | null = null
  /** What becomes of it when this round is stored. */
  private staged: WatchedSource[] = []
  /** When the stored form of a source's last line was. */
  private readonly kept = new Map<string, number>()
  private clock = { now: NaN, wall: NaN }
  private readonly surges: Surges

  constructor(options: NewsOptions) {
    this.options = options
    this.surges = new Surges(options.store)
  }

  get dashboard(): string {
    return this.options.alerting.dashboard_url ?? this.options.dashboard()
  }

  termsOf(finding: Finding, previous: ProblemRow | null, now: number): Terms {
    const { store, alerting } = this.options
    return termsFor(finding, alerting.rules, {
      now,
      wall: this.wallOf(now),
      kind: kindOf(previous),
      happened: (within) => store.sparkline(finding, now - within, now, 1)[0] ?? 0,
      surge: previous?.alerted === true && this.surges.of(finding, now),
    })
  }

  add(
    decision: Decision & { notify: true },
    previous: ProblemRow | null,
    row: ProblemRow,
    { now, tried, terms }: { now: number; tried: boolean; terms: Terms | undefined },
  ): void {
    const kind = kindOfNews(decision.type, previous)
    const announced = kind === 'resolved' && previous !== null ? previous.finding : row.finding
    // The end goes where the beginning went, also when another rule would match now.
    const rule = row.told?.rule ?? terms?.rule ?? ''
    this.news.push({ decision, rule, kind, row, around: { now, dashboard: this.dashboard, tried, announced } })
  }

  /** Looks at the sources. @param fresh paths of which lines were read since the last look. @returns what changed of them. */
  watch(sources: readonly Seen[], fresh: ReadonlySet<string>, now: number): WatchedSource[] {
    const { store, alerting, log } = this.options
    this.watched ??= new Map(store.watchedSources().map((one) => [one.path, one]))
    const changed: WatchedSource[] = []
    for (const { path, state, hint = null } of sources) {
      const before = this.watched.get(path) ?? null
      const rules = {
        silent: ruleFor(SILENT, alerting.rules.rules, 'source-silent'),
        unreadable: ruleFor(UNREADABLE, alerting.rules.rules, 'source-unreadable'),
      }
      const found = watchSources(before, { path, state, hint, fresh: fresh.has(path) }, now, {
        silent: rules.silent?.send ?? false,
        unreadable: rules.unreadable?.send ?? false,
      })
      const { next, decision, text, since } = found
      // When lines were last read is stored with what else there is, or once in a while: it is no news.
      this.staged.push(next)
      if (decision.notify && text !== null) {
        const about = decision.type === 'source.recovered' ? before?.told : next.told
        const kind: Kind = about === 'silent' ? 'source-silent' : 'source-unreadable'
        const rule = (about === 'silent' ? rules.silent : rules.unreadable)?.name ?? ''
        const url = `${this.dashboard}/#/sources`
        const source = { path, reason: decision.reason, text, since: new Date(since).toISOString(), url }
        this.news.push({ decision, rule, kind, source })
        log(text)
      }
      if (decision.notify || isWorthKeeping(before, next, this.kept.get(path) ?? 0)) changed.push(next)
    }
    return changed
  }

  /** Messages of this round. */
  messages(now: number): OutboxRow[] {
    const { receivers, rules, group_from } = this.options.alerting
    return announce(this.news, { receivers, rules: rules.rules, group_from, now })
  }

  /** A round begins; what the one before could not store is found again. */
  begin(): void {
    this.news = []
    this.staged = []
  }

  /** Messages and `watched` are stored. */
  stored(watched: readonly WatchedSource[]): void {
    for (const one of this.staged) this.watched?.set(one.path, one)
    for (const { path, last_line } of watched) this.kept.set(path, last_line ?? 0)
  }

  private wallOf(now: number): number {
    if (this.clock.now !== now) this.clock = { now, wall: this.options.wall(now) }
    return this.clock.wall
  }
}

/** A restart may forget a minute of it. */
const KEEP = 60_000

function isWorthKeeping(before: WatchedSource | null, next: WatchedSource, kept: number): boolean {
  if (before === null) return true
  if ((before.broken_since === null) !== (next.broken_since === null)) return true
  return next.last_line !== null && next.last_line - kept >= KEEP
}

const OF_SOURCE = { severity: 'warning', confidence: 1, scope: { server: null, path: null, upstream: null } } as const
const SILENT = { cause: 'source-silent', ...OF_SOURCE }
const UNREADABLE = { cause: 'source-unreadable', ...OF_SOURCE }
