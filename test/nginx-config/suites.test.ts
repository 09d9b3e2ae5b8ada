/** Configurations of others: certbot's and crossplane's test data, h5bp. Not part of the project; skipped where absent. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../server/nginx-config/contract.ts'
import { printTokens } from '../../server/nginx-config/tokens.ts'
import { parseFile } from '../../server/nginx-config/tree.ts'

const folder = fileURLToPath(new URL('../../../shared/suites/configs/', import.meta.url))
const index = `${folder}index.jsonl`

interface Case {
  path: string
  expect: 'ok' | 'error'
  note?: string
}

/** Read although nginx refuses them, with the place named in `problems`. */
const READ_BUT_REFUSED = ['crossplane-py/tests/configs/quote-behavior/nginx.conf']

if (!existsSync(index)) {
  describe.skip(`configurations of other projects (needs ${index})`, () => it('all of them', () => undefined))
} else {
  const cases = readFileSync(index, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)

  describe(`configurations of other projects (${cases.length})`, () => {
    it('come back byte for byte', () => {
      const changed = cases.filter(({ path }) => {
        const bytes = readFileSync(folder + path)
        const loaded = loadConfig(folder + path)
        const source = loaded.ok
          ? loaded.config.sources.get(folder + path)
          : { file: path, real: path, text: bytes.toString('latin1'), encoding: 'latin1' as const }
        const printed = source && printTokens(parseFile(source).tokens)
        return !source || !Buffer.from(printed ?? '', source.encoding).equals(bytes)
      })
      expect(changed.map(({ path }) => path)).toEqual([])
    })

    it('are judged as labelled', () => {
      const wrong = cases.filter(({ path, expect: label }) => loadConfig(folder + path).ok !== (label === 'ok'))
      expect(wrong.map(({ path }) => path)).toEqual([])
    })

    it('name the missing includes, and nothing else but what nginx refuses too', () => {
      for (const { path, note } of cases) {
        const loaded = loadConfig(folder + path)
        if (!loaded.ok) continue
        const kinds = new Set(loaded.config.problems.map(({ kind }) => kind))
        // /etc/nginx/proxy_params and the like are there where nginx is installed.
        if (note?.includes('include that is missing') === true && loaded.config.sources.size > 1) continue
        if (note?.includes('include that is missing') === true)
          expect([path, kinds]).toEqual([path, new Set(['include-missing'])])
        else if (READ_BUT_REFUSED.includes(path)) expect(kinds).toEqual(new Set(['refused']))
        else expect([path, loaded.config.problems]).toEqual([path, []])
      }
    })
  })
}
