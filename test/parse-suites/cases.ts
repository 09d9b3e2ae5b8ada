/** Cases of other projects' parser tests: one line, and the fields that must come out of `halfopen parse`. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../cli/run.ts'

export interface Case {
  id: string
  line: string
  log_format?: string
  expect: Record<string, unknown>
}

/** Absolute path of a suite, or null where the folder of suites is absent. */
export function suiteFile(name: string): string | null {
  const file = fileURLToPath(new URL(`../../../shared/suites/logs/${name}.jsonl`, import.meta.url))
  return existsSync(file) ? file : null
}

export function casesOf(file: string): Case[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Case)
}

/** Each case as an input of its own, so that none tells the format of another. Returns the first object of each. */
export async function parseCases(cases: readonly Case[]): Promise<Map<string, Record<string, unknown>>> {
  const got = new Map<string, Record<string, unknown>>()
  const folder = mkdtempSync(path.join(tmpdir(), 'halfopen-suite-'))
  try {
    for (const format of new Set(cases.map(({ log_format }) => log_format))) {
      const inputs = new Map<string, string>()
      for (const { id, line } of cases.filter(({ log_format }) => log_format === format)) {
        const input = path.join(folder, `${id.replace(/\W/g, '-')}.log`)
        writeFileSync(input, `${line}\n`)
        inputs.set(input, id)
      }
      // A name in the output even where the group has one case.
      const nothing = path.join(folder, 'nothing.log')
      writeFileSync(nothing, '')
      const options = format === undefined ? [] : ['--log-format', format]
      const { stdout, stderr } = await run(['parse', ...options, ...inputs.keys(), nothing])
      if (stdout === '') throw new Error(`parse printed nothing: ${stderr}`)
      for (const line of stdout.trimEnd().split('\n')) {
        const object = JSON.parse(line) as Record<string, unknown>
        const id = inputs.get(object['source'] as string)
        if (id !== undefined && !got.has(id)) got.set(id, object)
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return got
}

/** Differences in the listed fields, one line each. Time compares as an instant; `-` and absent are equal. */
export function differences({ expect }: Case, got: Record<string, unknown> | undefined): string[] {
  if (got === undefined) return ['nothing was printed']
  if (Object.keys(expect).length > 0 && got['format'] === null) return [`not read: ${String(got['reason'])}`]
  return Object.entries(expect).flatMap(([field, value]) => {
    const [wanted, found] = field === 'time' ? [instant(value), instant(got[field])] : [value, got[field]]
    const same = JSON.stringify(present(wanted)) === JSON.stringify(present(found))
    return same ? [] : [`${field}: ${JSON.stringify(wanted)} expected, got ${JSON.stringify(found)}`]
  })
}

/** Stamps without a zone stay local: they are equal when they read the same. */
function instant(time: unknown): unknown {
  if (typeof time !== 'string') return time
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? new Date(time).toISOString() : `${time} local`
}

function present(value: unknown): unknown {
  const absent = value === '-' || value === undefined || (Array.isArray(value) && value.every((item) => item === '-'))
  return absent ? null : value
}
