/** Files that are no configuration: named in one line, whatever they are. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ConfigError, loadConfig } from '../../server/config.ts'

const dir = mkdtempSync(join(tmpdir(), 'halfopen-config-file-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const file = join(dir, 'halfopen.yaml')

function message(path: string): string {
  try {
    loadConfig({ file: path, cli: {}, env: {}, cwd: dir })
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('the configuration was accepted')
}

it('a pipe is not waited for, and a device not read', () => {
  execFileSync('mkfifo', [join(dir, 'pipe')])
  expect(message(join(dir, 'pipe'))).toContain('pipe: not a regular file; name the configuration with --config-file')
  expect(message('/dev/zero')).toContain('/dev/zero: not a regular file')
  expect(message(dir)).toContain(`${dir}: a directory`)
})

it('a file that is far too large is not read', () => {
  writeFileSync(file, `# ${'x'.repeat(2 ** 20)}\n`)
  expect(message(file)).toContain('larger than 1 MB')
})

const bomb = ['a: &a0 [x, x, x, x, x, x, x, x, x, x]']
for (let i = 1; i < 10; i++)
  bomb.push(
    `${'b'.repeat(i)}: &a${i} [${Array(10)
      .fill(`*a${i - 1}`)
      .join(', ')}]`,
  )

it.each([
  ['aliases that multiply', bomb.join('\n')],
  ['an alias of nothing', 'sources: *nowhere'],
  ['an alias of itself', 'alerts: &a\n  webhook: *a'],
  ['a list that holds itself', 'sources: &a [*a]'],
  ['ten thousand lists in each other', `sources: ${'['.repeat(10_000)}`],
  ['ten thousand maps in each other', `sources: ${'{a: '.repeat(10_000)}1${'}'.repeat(10_000)}`],
])('%s: one line', (_what, yaml) => {
  writeFileSync(file, yaml)
  expect(message(file)).toMatch(/^[^\n]{1,300}$/)
})
