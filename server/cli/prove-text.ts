/** A proof for a terminal. */
import type { Part, Phase, Proof } from '../prove/contract.ts'
import { coloured, escapeText, padEnd, plain, wrap, type Paint } from './terminal.ts'

export interface Layout {
  width: number
  colour: boolean
}

const COLUMN = 13

/** What nginx did with one of the two configurations. */
export function partText(phase: Phase, { expected, run }: Part, { width, colour }: Layout): string {
  const paint = colour ? coloured : plain
  const rows: string[] = [paint('bold', phase === 'before' ? 'Before' : 'After')]
  const row = rowsInto(rows, width)
  if (!run) {
    for (const [i, line] of expected.because.entries()) row(i === 0 ? 'not run' : '', line)
    return lines(rows)
  }
  if (run.refused !== null) row('not run', run.refused)
  if (run.config_test) {
    const { ok, output } = run.config_test
    const said = output.filter((line) => !/test is successful|syntax is ok|test failed/.test(line))
    row('nginx -t', ok ? 'ok' : 'refused', ok ? 'green' : 'red', paint)
    for (const line of said) row('', line)
  }
  if (run.outcome) {
    row('handshake', run.outcome.text, run.outcome.open ? 'green' : 'red', paint)
    row('backend', backendText(run.backend))
    if (run.backend?.reason) row('', `refused: ${run.backend.reason}`)
    if (run.resolved.length > 0) row('resolver', `was asked for ${run.resolved.join(', ')}`)
    const { idle, sessions, reload } = run.outcome
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
  return lines(rows)
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

/** What it proves, and what it does not. */
export function proofText(proof: Proof, { width, colour }: Layout): string {
  const paint = colour ? coloured : plain
  const rows: string[] = []
  const row = rowsInto(rows, width)
  const [first = '', ...more] = proof.conclusion
  rows.push(...wrap(escapeText(first), width).map((line) => paint('bold', paint(proof.ok ? 'green' : 'red', line))))
  for (const line of more) rows.push(...wrap(escapeText(line), width))
  for (const [i, line] of proof.limits.entries()) row(i === 0 ? 'Limits' : '', line)
  if (proof.nginx) row('nginx', `${proof.nginx.version} (${proof.nginx.path})`)
  return lines(rows)
}

function rowsInto(rows: string[], width: number) {
  return (label: string, text: string, tone: Parameters<Paint>[0] | null = null, paint: Paint = plain): void => {
    const [first = '', ...more] = wrap(escapeText(text), Math.max(20, width - COLUMN))
    const shown = tone === null ? first : paint(tone, first)
    rows.push(`  ${padEnd(label, COLUMN - 2)}${shown}`, ...more.map((line) => ' '.repeat(COLUMN) + line))
  }
}

const lines = (rows: readonly string[]): string => `${rows.join('\n')}\n\n`
