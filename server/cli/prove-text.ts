/** A proof for a terminal. */
import { partRows, type Part, type Phase, type Proof } from '../prove/contract.ts'
import { coloured, escapeText, padEnd, plain, wrap, type Paint } from './terminal.ts'

export interface Layout {
  width: number
  colour: boolean
}

const COLUMN = 13

/** Which of several findings follows. */
export function headText(which: string, title: string, { width, colour }: Layout): string {
  const paint = colour ? coloured : plain
  return lines(wrap(escapeText(`${which}: ${title}`), width).map((line) => paint('bold', line)))
}

/** What nginx did with one of the two configurations. */
export function partText(phase: Phase, part: Part, { width, colour }: Layout): string {
  const paint = colour ? coloured : plain
  const rows: string[] = [paint('bold', phase === 'before' ? 'Before' : 'After')]
  const row = rowsInto(rows, width)
  for (const { label, text, tone } of partRows(part))
    row(label, text, tone === null ? null : tone === 'good' ? 'green' : 'red', paint)
  return lines(rows)
}

/** What it proves, and what it does not. */
export function proofText(proof: Proof, { width, colour }: Layout): string {
  const paint = colour ? coloured : plain
  const rows: string[] = []
  const row = rowsInto(rows, width)
  const [first = '', ...more] = proof.conclusion
  rows.push(
    ...wrap(escapeText(first), width).map((line) =>
      paint('bold', paint(proof.unpatched ? 'yellow' : proof.ok ? 'green' : 'red', line)),
    ),
  )
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
