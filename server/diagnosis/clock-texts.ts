/** What is said of a log whose clock differs from the others', where its inputs carry it into the report. */
import type { Solution } from './clock-offset.ts'
import { shiftEvidence } from './clock-shift.ts'
import type { Evidence, InputSummary } from './contract.ts'

/** Inputs that share a clock, and what was read of them. */
export interface Clocked {
  inputs: InputSummary[]
  evidence: Evidence
}

/** Moves the evidence of inputs that share a clock, and says so; where the user gave a zone, says only what it would do. */
export function tell(
  part: Clocked,
  { offset, joined, events }: Solution & { kind: 'solved' },
  partners: string,
  given: boolean,
): void {
  const [name, has, its] = subject(part)
  const count =
    joined < events
      ? `${joined} of ${events} events that can be compared`
      : events === 1
        ? `${its} only event`
        : `all ${events} events that can be compared`
  const how = `${count} then meet${joined === 1 ? 's' : ''} those of ${partners}`
  if (given) {
    doubtText(
      part,
      `${name} ${has} no time zone and ${its} times were read as --timezone says; moved by ${hours(offset)}, ${how.replace(' then', '')}`,
    )
    return
  }
  shiftEvidence(part.evidence, offset)
  for (const input of part.inputs) {
    input.from = shiftIso(input.from, offset)
    input.to = shiftIso(input.to, offset)
    input.clock_offset_seconds = offset / 1000
    input.clock_offset_reason = `${name} ${has} no time zone; ${its} times were moved by ${hours(offset)} because ${how}; --timezone settles it`
  }
}

/** Says that several offsets would do. */
export function doubt(part: Clocked, joined: number, given: boolean): void {
  if (given) return
  const [name, has, its] = subject(part)
  doubtText(
    part,
    `${name} ${has} no time zone, and as ${its} times are read, ${its} events hardly meet those of the other logs; several offsets would bring ${joined} of them together, so that none was chosen`,
  )
}

function doubtText(part: Clocked, text: string): void {
  for (const input of part.inputs) input.clock_doubt = text
}

function subject({ inputs }: Clocked): [name: string, has: string, its: string] {
  const name = listed(inputs.map(({ path }) => path))
  return inputs.length === 1 ? [name, 'has', 'its'] : [name, 'have', 'their']
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(paths: readonly string[]): string {
  const [a = '', b = ''] = [...paths].sort(compare)
  return paths.length < 3 ? paths.slice().sort(compare).join(' and ') : `${a}, ${b} and ${paths.length - 2} more`
}

/** `+2 h`, `-5 h 30 min`. */
function hours(offset: number): string {
  const minutes = Math.abs(offset) / 60_000
  const [h, m] = [Math.floor(minutes / 60), minutes % 60]
  return `${offset < 0 ? '-' : '+'}${[h > 0 ? `${h} h` : '', m > 0 ? `${m} min` : ''].filter(Boolean).join(' ')}`
}

const shiftIso = (iso: string | null, ms: number): string | null =>
  iso === null ? null : new Date(Date.parse(iso) + ms).toISOString()

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
