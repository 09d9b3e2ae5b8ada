/** Steps and result of a probe for a terminal. What the other side sent is escaped: it may hold anything. */
import type { ProbeResult, Step, Suspicion } from '../probe/contract.ts'
import { coloured, escapeText, padEnd, padStart, plain, wrap, type Tone } from './terminal.ts'

export interface Layout {
  width: number
  colour: boolean
}

const MARKS = {
  ok: ['ok', 'green'],
  info: ['-', 'dim'],
  warning: ['warn', 'yellow'],
  failed: ['FAIL', 'red'],
} as const satisfies Record<Step['verdict'], readonly [string, Tone]>
const COLUMN = 17

/** One step: mark, side, what happened, how long it took; below it what was seen. */
export function stepText(step: Step, { width, colour }: Layout): string {
  const paint = colour ? coloured : plain
  const [mark, tone] = MARKS[step.verdict]
  const time =
    step.ms < 1 ? '<1 ms' : step.ms < 10_000 ? `${Math.round(step.ms)} ms` : `${Math.round(step.ms / 1000)} s`
  const room = Math.max(20, width - COLUMN)
  const [first = '', ...more] = wrap(escapeText(`${step.title} (${time})`), room)
  const indent = ' '.repeat(COLUMN)
  return [
    `${paint(tone, padStart(mark, 5))}  ${padEnd(step.side === 'direct' ? 'backend' : 'proxy', 8)}  ${first}`,
    ...more.map((line) => indent + line),
    ...step.seen.flatMap((line) => wrap(escapeText(line), room - 2)).map((line) => `${indent}  ${paint('dim', line)}`),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

const SIDES: Readonly<Record<string, string>> = {
  client: 'the URL or the browser',
  network: 'the way there',
  proxy: 'the proxy',
  backend: 'the application',
}

/** What the steps prove, and the same handshake for curl. */
export function resultText(result: ProbeResult, { width, colour }: Layout): string {
  const paint = colour ? coloured : plain
  const rows: string[] = ['', ...wrap(escapeText(result.title), width).map((line) => paint('bold', line))]
  const row = (label: string, text: string): void => {
    const [first = '', ...more] = wrap(escapeText(text), Math.max(20, width - 13))
    rows.push(`  ${padEnd(label, 11)}${first}`, ...more.map((line) => ' '.repeat(13) + line))
  }
  if (result.side !== null) row('Fails at', SIDES[result.side] ?? result.side)
  for (const [i, suspicion] of result.causes.entries())
    row(i > 0 ? '' : result.decided ? 'Cause' : 'Possibly', causeText(suspicion))
  if (result.next !== null) row('Next', result.next)
  // One line, to be copied.
  rows.push(`  ${padEnd('curl', 11)}${escapeText(result.curl)}`, '')
  return rows.join('\n')
}

const causeText = ({ cause, why }: Suspicion): string => `${cause}: ${why}`
