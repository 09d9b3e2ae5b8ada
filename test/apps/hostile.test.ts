/** 64 KiB, the longest line a parser is given, filled with what these parsers dislike. */
import { describe, expect, it } from 'vitest'
import { APPS } from '../../parsers/index.ts'
import { toEvents } from '../../parsers/events.ts'

const SIZE = 65_536
const MILLISECONDS = 100
const FILLERS = [
  ...'" \\[]-1a\t|.:'.split(''),
  'a=',
  ' a=b',
  ' a="',
  'a.',
  'A.b.',
  ' - ',
  ' - "',
  '", "',
  '] [',
  ' (a) ',
  ' > ',
  '{"a":',
  '\n',
  '\n ',
  'ERROR ',
  'info | ',
  '2026-11-21 06:13:34 ',
  'websocket: ',
  '\x1b[3',
]

describe.each(APPS.map((parser) => [parser.id, parser] as const))('%s', (_id, parser) => {
  it(`reads or refuses any 64 KiB line within ${MILLISECONDS} ms`, () => {
    const slow: string[] = []
    for (const { line } of parser.examples) {
      for (const filler of FILLERS) {
        for (const place of [0, Math.floor(line.length / 3), Math.floor((line.length * 2) / 3), line.length]) {
          const hostile = line.slice(0, place) + filler.repeat(SIZE / filler.length) + line.slice(place)
          let took = Infinity
          // A busy machine makes anything slow once.
          for (let tries = 0; tries < 4 && took > MILLISECONDS; tries++) {
            const start = performance.now()
            const parsed = parser.parse(hostile)
            if (parsed.ok) toEvents(parsed.record, (wall) => wall)
            if (parser.startsRecord?.test(hostile) !== false) parser.unfinished?.(hostile)
            took = performance.now() - start
          }
          if (took > MILLISECONDS) slow.push(`${took.toFixed()} ms: ${JSON.stringify(filler)} at ${place} of ${line}`)
        }
      }
    }
    expect(slow).toEqual([])
  }, 60_000)
})
