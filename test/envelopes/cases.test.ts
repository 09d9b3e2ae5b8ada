/** Case files: test/cases/parsers/envelopes/NAME.log and what comes out of it, record by record. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { read, type Got } from './read.ts'

const folder = fileURLToPath(new URL('../cases/parsers/envelopes/', import.meta.url))
const names = readdirSync(folder).filter((name) => name.endsWith('.log'))

/** A record under the names that `parse` prints. */
function shown({ line, envelope, time, record, raw, reason }: Got): Record<string, unknown> {
  const fields = record?.type === 'access' ? { ...record, ...record.fields } : record
  return { ...fields, line, format: record?.format ?? null, envelope, time, raw, reason }
}

it.each(names)('%s', (name) => {
  const expected = JSON.parse(readFileSync(path.join(folder, name.replace(/log$/, 'expected.json')), 'utf8')) as Record<
    string,
    unknown
  >[]
  const got = read(readFileSync(path.join(folder, name))).map(shown)
  expect(got.map(({ line }) => line)).toEqual(expected.map(({ line }) => line))
  expected.forEach((fields, i) => expect(got[i]).toMatchObject(fields))
})

it('there is a file for every kind of machine', () => {
  expect(names.length).toBeGreaterThanOrEqual(6)
})
