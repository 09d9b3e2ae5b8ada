/** What happened to nginx itself, and what was told of it, within a window: for the charts and the sentence above them. */
import type { AlertDeliveries, Breakdown, ConfigState } from '../../server/http/wire.ts'
import type { Mark } from '../charts/stacked.ts'
import type { Frame } from './series.ts'

export interface Marks {
  /** Epoch ms; the middle of the step in which it happened. */
  reloads: number[]
  changed: number | null
  /** The newest first. Several receivers of one message are one. */
  alerts: { at: number; type: string; title: string }[]
  all: Mark[]
}

export function marksOf(
  frame: Frame,
  lifecycle: Breakdown | null,
  config: ConfigState | null,
  sent: AlertDeliveries | null,
): Marks {
  const reloads = (lifecycle?.groups ?? []).flatMap(({ n }) =>
    n.flatMap((times, i) =>
      times > 0 ? [Date.parse(lifecycle?.from ?? '') + (i + 0.5) * (lifecycle?.step_seconds ?? 0) * 1000] : [],
    ),
  )
  const within = (at: number): boolean => at >= frame.from && at < frame.to
  const changedAt = config?.changed_at == null ? Number.NaN : Date.parse(config.changed_at)
  const changed = within(changedAt) ? changedAt : null
  const seen = new Set<string>()
  const alerts = (sent?.deliveries ?? []).flatMap(({ created_at, type, title }) => {
    const key = `${created_at} ${type} ${title}`
    if (seen.has(key) || !within(Date.parse(created_at))) return []
    seen.add(key)
    return [{ at: Date.parse(created_at), type, title }]
  })
  const steps = new Set(alerts.map(({ at }) => Math.floor((at - frame.from) / (frame.step * 1000))))
  const nginx = [...reloads, ...(changed === null ? [] : [changed])]
  return {
    reloads,
    changed,
    alerts,
    all: [
      ...nginx.map((at): Mark => ({ at, kind: 'nginx' })),
      ...[...steps].map((step): Mark => ({ at: frame.from + (step + 0.5) * frame.step * 1000, kind: 'alert' })),
    ],
  }
}
