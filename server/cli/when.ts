/** Times as people type them after --since and --until. */
import { clfTime, isoTime, slashTime } from '../../parsers/time.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Epoch ms of `2h`, `7d` (back from now), `2026-11-21`, `2026-11-21 06:30`, ISO 8601, or a stamp copied from a log;
 *  null when it is none of these. @param shift wall-clock ms in the chosen zone → epoch ms (scan/zone.ts). */
export function parseWhen(text: string, now: number, shift: (wall: number) => number): number | null {
  const back = /^(\d{1,6}(?:\.\d{1,3})?)\s*([smhdw])$/.exec(text)
  if (back) return now - Number(back[1]) * (UNITS[back[2] as string] as number)
  const full = text
    .trim()
    .replace(/^(\d{4}-\d\d-\d\d)$/, '$1T00:00:00')
    .replace(/^(\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d)(?=$|Z|[+-])/, '$1:00')
  const time = isoTime(full) ?? slashTime(full) ?? clfTime(full)
  if (time === null) return null
  return time.zoned ? time.ms : shift(time.ms)
}
