/** What nginx did with one of the two configurations, as rows that a terminal and a page show alike. Pure. Text from nginx and
 *  from requests is raw: whoever shows it makes control characters visible. */
import type { Part } from './prove.ts'

export interface Row {
  /** '' goes on with the row above. */
  label: string
  text: string
  tone: 'good' | 'bad' | null
}

export function partRows({ expected, run }: Part): Row[] {
  const rows: Row[] = []
  const row = (label: string, text: string, tone: Row['tone'] = null): void => void rows.push({ label, text, tone })
  if (!run) {
    for (const [i, line] of expected.because.entries()) row(i === 0 ? 'not run' : '', line)
    return rows
  }
  if (run.refused !== null) row('not run', run.refused)
  if (run.config_test) {
    const { ok, output } = run.config_test
    row('nginx -t', ok ? 'ok' : 'refused', ok ? 'good' : 'bad')
    for (const line of output) if (!/test is successful|syntax is ok|test failed/.test(line)) row('', line)
  }
  if (run.outcome) {
    const { text, open, idle, sessions, reload } = run.outcome
    row('handshake', text, open ? 'good' : 'bad')
    row('backend', backendText(run.backend))
    if (run.backend?.reason) row('', `refused: ${run.backend.reason}`)
    if (run.resolved.length > 0) row('resolver', `was asked for ${run.resolved.join(', ')}`)
    if (idle)
      row(
        'idle',
        idle.cut_after_ms === null
          ? `open after ${idle.lasted_ms} ms`
          : `cut after ${idle.cut_after_ms} ms (${idle.how})`,
      )
    if (sessions)
      row(
        'sessions',
        `${sessions.opened} of ${sessions.wanted}${sessions.refused === null ? '' : `, then: ${sessions.refused}`}`,
      )
    if (reload)
      row(
        'reload',
        reload.how === null
          ? `open ${reload.lasted_ms} ms after it`
          : `cut ${reload.lasted_ms} ms after it (${reload.how})`,
      )
  }
  for (const [i, line] of run.errors.entries()) row(i === 0 ? 'error log' : '', line)
  return rows
}

function backendText(seen: NonNullable<Part['run']>['backend']): string {
  if (!seen) return 'nothing reached it'
  const value = (text: string | null): string => (text === null ? 'none' : text)
  return [
    `${seen.backend} saw ${seen.method} ${seen.path} ${seen.version}`,
    `Upgrade ${value(seen.upgrade)}`,
    `Connection ${value(seen.connection)}`,
    `Host ${value(seen.host)}`,
    `Origin ${value(seen.origin)}${seen.origin === null || seen.origin_is_host ? '' : ' (not the Host: many applications refuse that)'}`,
  ].join(', ')
}
