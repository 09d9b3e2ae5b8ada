/** Envelopes of other projects' tests (fluent-bit, cri-client), read by the real `halfopen parse`. Not part of the project;
 *  skipped where absent. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '../cli/run.ts'

const suite = fileURLToPath(new URL('../../../shared/suites/logs/container-envelopes.jsonl', import.meta.url))

interface Case {
  id: string
  kind: string
  line: string
  expect: { time?: string; raw?: string }
}

/** Cases that are read otherwise than their source does, with the reason. */
const ACCEPTED: Readonly<Record<string, string>> = {}

if (!existsSync(suite)) {
  describe.skip(`envelopes of other projects (needs ${suite})`, () => it('all of them', () => undefined))
} else {
  const cases = readFileSync(suite, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
  const folder = mkdtempSync(path.join(tmpdir(), 'halfopen-envelopes-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  const parse = async (...files: string[]): Promise<Record<string, unknown>[]> => {
    const { stdout } = await run(['parse', ...files])
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  describe(`envelopes of other projects (${cases.length})`, () => {
    it('every case by itself', async () => {
      const files = cases.map(({ id, line }) => {
        const file = path.join(folder, `${id}.log`)
        writeFileSync(file, `${line}\n`)
        return file
      })
      const got = await parse(...files)
      const failed = cases.flatMap(({ id, kind, expect: wanted }, i) => {
        const mine = got.filter(({ source }) => source === files[i])
        // No expectation is about the line alone: such cases are parts of the sequences below.
        if (wanted.raw === undefined) return mine.length > 0 ? [] : [{ id, mine }]
        const [record, ...more] = mine
        const right =
          more.length === 0 &&
          JSON.stringify(record?.['envelope']) === JSON.stringify([kind]) &&
          record?.['time'] === wanted.time &&
          record?.['raw'] === wanted.raw
        return right === (ACCEPTED[id] === undefined) ? [] : [{ id, mine }]
      })
      expect(failed).toEqual([])
      expect(Object.keys(ACCEPTED).filter((id) => !cases.some((one) => one.id === id))).toEqual([])
    })

    const sequence = async (from: number, to: number): Promise<unknown[]> => {
      const file = path.join(folder, `sequence-${from}.log`)
      const lines = cases.slice(from, to + 1).map(({ line }) => `${line}\n`)
      writeFileSync(file, lines.join(''))
      return (await parse(file)).map(({ raw }) => raw)
    }

    it('CRI sequences: parts join to the next full line of their stream', async () => {
      expect(await sequence(13, 28)).toEqual([
        '1a. some multiline log',
        '1b. some multiline log',
        '2a. another multiline log',
        '2b. another multiline log',
        '3a. non multiline 1',
        '4a. non multiline 2',
        '3b. non multiline 1',
        '4b. non multiline 2',
      ])
      expect(await sequence(35, 41)).toEqual(['single full', '1a. some multiline log', '1b. some multiline log'])
    })

    it('Docker sequences: parts join to the next one of their stream that has its line end', async () => {
      // The source lines break `"log": "cc\n"` by a real line end: such an object is no JSON, and both halves are unread.
      const whole = (text: string): string => text.replace(/(\w)\n"/, '$1\\n"')
      const file = path.join(folder, 'docker.log')
      writeFileSync(file, [6, 7, 8, 9, 10, 12].map((i) => `${whole(cases[i]?.line ?? '')}\n`).join(''))
      expect((await parse(file)).map(({ raw }) => raw)).toEqual(['aa', 'aa', 'bbcc', 'ddee'])
    })
  })
}
