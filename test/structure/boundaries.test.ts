import { describe, expect, it } from 'vitest'
import { importsOf } from './imports.ts'
import { impureCalls, RULES } from './rules.ts'
import { projectFiles, readText } from './tree.ts'

const SOURCE = /^(parsers|server|web)\/.*\.(ts|tsx|mjs|mts)$/
const packages = new Set(namesOf('dependencies').concat(namesOf('optionalDependencies')))
const sources = projectFiles().filter((path) => SOURCE.test(path))
const imports = sources.flatMap((path) => importsOf(path, readText(path)))

function namesOf(field: 'dependencies' | 'optionalDependencies'): string[] {
  const manifest: Record<string, Record<string, string>> = JSON.parse(readText('package.json'))
  return Object.keys(manifest[field] ?? {})
}

/** `server/a.ts → type ./b.ts` as the import it stands for. */
function importIn(example: string) {
  const [from = '', written = ''] = example.split(' → ')
  const [kind, specifier] = written.startsWith('type ') ? ['import type', written.slice(5)] : ['import', written]
  const [found] = importsOf(from, `${kind} { a } from '${specifier}'\n`)
  if (!found) throw new Error(`no import in ${example}`)
  return found
}

describe.each(RULES)('$id: $says', ({ refuses, refused, allowed }) => {
  it.each(refused)('refuses %s', (example) => {
    expect(refuses(importIn(example), packages)).toBe(true)
  })
  it.each(allowed)('lets %s pass', (example) => {
    expect(refuses(importIn(example), packages)).toBe(false)
  })
  it('holds in the whole tree', () => {
    const broken = imports
      .filter((it) => refuses(it, packages))
      .map(({ from, line, target }) => `${from}:${line} imports ${target}`)
    expect(broken).toEqual([])
  })
})

it('finds every way to name another file', () => {
  const text = [
    `import './side-effect.ts'`,
    `import { type A } from './types.ts'`,
    `export * from './all.ts'`,
    `export type { B } from './exported-type.ts'`,
    `const c = await import('./dynamic.ts')`,
    `type D = import('./inline-type.ts').D`,
    `const e = require('./required.cjs')`,
    `new Worker(new URL('./worker.ts', import.meta.url))`,
    `// import './comment.ts'`,
    `const text = "import './text.ts'", address = new URL('https://example.org/')`,
  ].join('\n')
  const found = importsOf('server/x/a.ts', text).map(({ target, typeOnly, line }) => [target, typeOnly, line])
  expect(found.toSorted((a, b) => Number(a[2]) - Number(b[2]))).toEqual([
    ['server/x/side-effect.ts', false, 1],
    ['server/x/types.ts', true, 2],
    ['server/x/all.ts', false, 3],
    ['server/x/exported-type.ts', true, 4],
    ['server/x/dynamic.ts', false, 5],
    ['server/x/inline-type.ts', true, 6],
    ['server/x/required.cjs', false, 7],
    ['server/x/worker.ts', false, 8],
  ])
})

describe('pure files read neither the clock nor their surroundings', () => {
  it('notices a call', () => {
    expect(impureCalls('server/diagnosis/a.ts', 'const a = 1\nconst now = Date.now()')).toEqual([2])
    expect(impureCalls('server/diagnosis/a.ts', 'new Date(ms).toISOString()')).toEqual([])
    expect(impureCalls('server/http/a.ts', 'Date.now()')).toEqual([])
  })
  it('holds in the whole tree', () => {
    const broken = sources.flatMap((path) =>
      impureCalls(path, withoutComments(readText(path))).map((line) => `${path}:${line}`),
    )
    expect(broken).toEqual([])
  })
})

/** Whole-line comments blanked, line numbers kept. */
function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
}
