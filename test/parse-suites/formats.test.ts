/** A stream may hold several formats, and the one that read the last line is tried first: what a line says must not
 *  depend on the lines before it, so no two of nginx's formats read the same line. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { jsonAccess } from '../../parsers/nginx/access-json.ts'
import { accessPresets } from '../../parsers/nginx/access-presets.ts'
import { variantAccess } from '../../parsers/nginx/access-variant.ts'
import { nginxError } from '../../parsers/nginx/error.ts'
import { keyValueAccess } from '../../parsers/nginx/key-value.ts'
import { NUMBERS, UPSTREAM_LISTS } from '../../parsers/nginx/variables.ts'
import type { Parser } from '../../parsers/parser.ts'
import { run } from '../cli/run.ts'

const FORMATS: readonly Parser[] = [nginxError, ...accessPresets, keyValueAccess, jsonAccess, variantAccess]
const CASES = path.join(import.meta.dirname, '../cases/parsers')

it.each(FORMATS.map((format) => [format.id, format] as const))('%s', (id, format) => {
  const folder = path.join(CASES, id)
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.log')) : []
  const lines = [
    ...format.examples.map(({ line }) => line),
    ...files.flatMap((name) => readFileSync(path.join(folder, name), 'utf8').split('\n')),
  ]
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) {
    const readers = FORMATS.filter((parser) => parser.parse(line).ok).map((parser) => parser.id)
    expect(readers.length, `${readers.join(' and ')}: ${line}`).toBeLessThanOrEqual(1)
  }
})

it('parse --help lists which variables are numbers, and which are lists', async () => {
  const { stdout } = await run(['parse', '--help'])
  const words = new Set(stdout.split(/[\s,.;]+/))
  expect([...NUMBERS, ...UPSTREAM_LISTS].filter((name) => !words.has(name))).toEqual([])
})
