import { describe, expect, it } from 'vitest'
import { projectFiles, readText } from './tree.ts'

const files = projectFiles()
const CODE = /\.(ts|tsx|mts|mjs|cjs|js|css)$/
const MAX_LINES = 400
const TOP_LEVEL = new Set(
  [
    'package.json tsconfig.json server web parsers test README.md',
    // What tools and hosting force to be here.
    'package-lock.json .npmrc .gitignore .prettierrc.json .oxlintrc.json .ci',
    'LICENSE CHANGELOG.md CONTRIBUTING.md SECURITY.md',
  ].flatMap((names) => names.split(' ')),
)
// Put together here, so that this file does not find itself.
const MACHINE_PATH = new RegExp(`(?<![\\w.-])/(?:${['work', 'root', 'farm'].join('|')})/`)
const HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
].map((labels) => labels.join('.'))
const REGISTRY = new RegExp(`${HOSTS.join('|')}|"resolved${'"'}: "http`)

/** `file:line` of each line that matches. Binary files have no lines to show. */
function linesMatching(path: string, pattern: RegExp): string[] {
  const text = readText(path)
  if (text.includes('\0')) return []
  return text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : []))
}

describe('files', () => {
  it('are found', () => {
    expect(files).toContain('test/structure/files.test.ts')
    expect(files.length).toBeGreaterThan(50)
  })

  it(`have at most ${MAX_LINES} lines, or give the reason in their first comment ("Long because …")`, () => {
    const long = files
      .filter((path) => CODE.test(path))
      .map((path) => ({ path, lines: readText(path).trimEnd().split('\n') }))
      .filter(({ lines }) => lines.length > MAX_LINES && !/long because/i.test(lines.slice(0, 8).join('\n')))
    expect(long.map(({ path, lines }) => `${path}: ${lines.length} lines`)).toEqual([])
  })

  it('are named for what they hold', () => {
    expect(files.filter((path) => /(^|\/)(utils?|types|helpers?|misc|common)\.(ts|tsx|mjs|js)$/.test(path))).toEqual([])
  })

  it('stand at the top level only when they have to', () => {
    const top = new Set(files.map((path) => path.split('/', 1)[0] ?? ''))
    expect([...top].filter((name) => !TOP_LEVEL.has(name))).toEqual([])
  })

  it('name no path of one machine', () => {
    expect(MACHINE_PATH.test(`see /${'work'}/x`)).toBe(true)
    expect(MACHINE_PATH.test('a/work/x.ts and /network/x')).toBe(false)
    expect(files.flatMap((path) => linesMatching(path, MACHINE_PATH))).toEqual([])
  })

  it('name no package registry', () => {
    expect(REGISTRY.test(`https://${HOSTS[0]}/a.tgz`)).toBe(true)
    expect(files.flatMap((path) => linesMatching(path, REGISTRY))).toEqual([])
  })
})
