/** Which problems happen far more often than usual, asked of the store once a minute each. */
import { isSurge, SURGE_USUAL, SURGE_WINDOW, type Counted } from './alerts/contract.ts'
import type { Finding } from './diagnosis/contract.ts'
import type { Store } from './store/contract.ts'

const MINUTE = 60_000
/** What is usual changes slowly, and a week of it is read. */
const USUAL_FOR = 60 * MINUTE
const MOST = 1_000

type Counts = Pick<Store, 'sparkline' | 'counts'>

export class Surges {
  private readonly store: Counts
  private readonly usual = new Map<string, { at: number; before: Counted }>()
  private readonly answers = new Map<string, { at: number; surge: boolean }>()

  constructor(store: Counts) {
    this.store = store
  }

  /** @param now epoch ms */
  of(finding: Finding, now: number): boolean {
    const known = this.answers.get(finding.id)
    if (known !== undefined && Math.abs(now - known.at) < MINUTE) return known.surge
    const surge = this.ask(finding, now)
    if (this.answers.size >= MOST) this.answers.clear()
    this.answers.set(finding.id, { at: now, surge })
    return surge
  }

  private ask(finding: Finding, now: number): boolean {
    const first = finding.first_seen === null ? now : Date.parse(finding.first_seen)
    const from = now - SURGE_WINDOW
    const failed = this.failed(finding, from, now)
    // Most have nothing new; the rest is not asked for.
    if (!isSurge({ failed, ok: 0 }, { failed: 1, ok: 0 }, from - first)) return false
    return isSurge({ failed, ok: this.ok(finding, from, now) }, this.before(finding, from), from - first)
  }

  private before(finding: Finding, to: number): Counted {
    const known = this.usual.get(finding.id)
    if (known !== undefined && Math.abs(to - known.at) < USUAL_FOR) return known.before
    const from = to - SURGE_USUAL
    const before = { failed: this.failed(finding, from, to), ok: this.ok(finding, from, to) }
    if (this.usual.size >= MOST) this.usual.clear()
    this.usual.set(finding.id, { at: to, before })
    return before
  }

  private failed = (finding: Finding, from: number, to: number): number =>
    this.store.sparkline(finding, from, to, 1)[0] ?? 0

  private ok({ scope: { server, path } }: Finding, from: number, to: number): number {
    const place = { ...(server === null ? {} : { server }), ...(path === null ? {} : { path }) }
    const stepSeconds = (to - from) / 1000
    const { groups } = this.store.counts({ from, to, stepSeconds, by: null, where: { ...place, kind: 'handshake_ok' } })
    return groups.reduce((sum, { n }) => n.reduce((all, one) => all + one, sum), 0)
  }
}
