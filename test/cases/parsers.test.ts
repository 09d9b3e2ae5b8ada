/** Every parser reads its own examples and case files; none throws on any bytes; none is slow on any length. */
import fc from 'fast-check'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { WEBSOCKET_TEXTS, textSign } from '../../parsers/apps/websocket-texts.ts'
import { PARSERS } from '../../parsers/index.ts'
import type { LogRecord } from '../../parsers/record.ts'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'

const ROOT = path.join(import.meta.dirname, 'parsers')

/** The fields of a record under the names that `parse` prints. */
function fieldsOf(record: LogRecord): Record<string, unknown> {
  const time = record.time?.iso ?? null
  return record.type === 'access' ? { ...record.fields, time } : { ...record, time }
}

function recordsOf(file: string): LogRecord[] {
  const records: LogRecord[] = []
  const reader = new RecordReader({ path: file, shift: (wall) => wall })
  reader.onRecord = (record) => {
    if (record !== null) records.push(record)
  }
  reader.read(readFileSync(file), 1, emptyEvidence(), null, true)
  expect(reader.summary.unparsed).toBe(0)
  return records
}

describe.each(PARSERS.map((p) => [p.id, p] as const))('%s', (id, parser) => {
  test('reads its examples, and detection chooses it for them', () => {
    expect(parser.examples.length).toBeGreaterThan(0)
    for (const { line, fields } of parser.examples) {
      const parsed = parser.parse(line)
      if (!parsed.ok) throw new Error(`${id} does not read its own example: ${parsed.reason}`)
      expect(fieldsOf(parsed.record)).toMatchObject(fields)
      expect(PARSERS.find((p) => p.parse(line).ok)?.id).toBe(id)
    }
  })

  const directory = path.join(ROOT, id)
  for (const name of existsSync(directory) ? readdirSync(directory).filter((n) => n.endsWith('.log')) : []) {
    test(name, () => {
      const expected = JSON.parse(
        readFileSync(path.join(directory, name.replace(/log$/, 'expected.json')), 'utf8'),
      ) as Record<string, unknown>[]
      const records = recordsOf(path.join(directory, name))
      expect(records.length).toBe(expected.length)
      expected.forEach((fields, i) => {
        const got = fieldsOf(records[i] as LogRecord)
        for (const [field, value] of Object.entries(fields))
          expect(got[field] ?? null, `${name} record ${i + 1} ${field}`).toEqual(value)
      })
    })
  }

  test('any text: no exception', () => {
    const heads = parser.examples.map((e) => e.line)
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom(...heads),
        fc.nat(),
        (noise, head, cut) => {
          parser.parse(noise)
          parser.parse(head.slice(0, cut % (head.length + 1)) + noise)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('time is linear in the length', () => {
    const head = parser.examples[0]?.line ?? ''
    for (const filler of ['"', ' ', '\\', 'a=', '[', '(1: ', ', client: ', ' while ', 'eyJ', '%']) {
      const at = (n: number): number => {
        const line =
          head.slice(0, Math.floor(head.length / 2)) + filler.repeat(n / filler.length) + head.slice(head.length / 2)
        const start = performance.now()
        parser.parse(line)
        return performance.now() - start
      }
      at(1000)
      // 64 KiB is the longest line a parser is given; quadratic work would take seconds there.
      expect(at(64_000), `${id} on 64 kB of ${JSON.stringify(filler)}`).toBeLessThan(250)
    }
  })
})

test('each WebSocket text sign reads its own example', () => {
  for (const sign of WEBSOCKET_TEXTS) expect(textSign(sign.example)?.sign).toBe(sign.sign)
})
