/** README.md is true: its tables are the registries, its commands run and print what it shows.
 *  UPDATE_README=1 writes the tables anew. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { withTables } from './tables.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const FILE = path.join(ROOT, 'README.md')
const readme = readFileSync(FILE, 'utf8')

test('the tables say what the registries say', () => {
  const current = withTables(readme)
  if (process.env['UPDATE_README'] === '1') writeFileSync(FILE, current)
  else expect(readme).toBe(current)
})

test('the two commands come first', () => {
  expect(readme.indexOf('npm start')).toBeLessThan(readme.indexOf('npx '))
  expect(readme.indexOf('npm test')).toBeLessThan(readme.indexOf('npx '))
})

test('files it links to exist', () => {
  for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    expect(() => readFileSync(path.join(ROOT, target as string)), target).not.toThrow(/ENOENT/)
  }
})

const here = mkdtempSync(path.join(tmpdir(), 'halfopen-readme-'))
afterAll(() => rmSync(here, { recursive: true }))

/** `$ command` and the lines up to the next one, of every console block. They are run as a reader of a fresh clone does: in
 *  the checkout, and from a `cd` on in the folder it names. Nothing that the repository does not have is there. */
let folder = ROOT
const shown = [...readme.matchAll(/```console\n([\s\S]*?)```/g)]
  .flatMap(([, block]) =>
    (block as string)
      .split(/^\$ /m)
      .slice(1)
      .map((part) => part.split('\n'))
      .map(([command, ...output]) => ({ command: command as string, output: output.filter((l) => l !== '') })),
  )
  .flatMap(({ command, output }) => {
    const to = /^cd (\S+)$/.exec(command)?.[1]
    if (to === undefined) return [{ command, output, cwd: folder }]
    folder = path.join(folder, to)
    return []
  })

describe('commands print what is shown', () => {
  test('there are some', () => expect(shown.length).toBeGreaterThan(2))
  test('in folders that exist', () => {
    for (const { cwd } of shown) expect(statSync(cwd).isDirectory(), cwd).toBe(true)
  })
  test.each(shown)('$command', ({ command, output, cwd }) => {
    // The checkout's own CLI stands where npx would find it.
    const bin = path.join(here, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(
      path.join(bin, 'halfopen'),
      `#!/bin/sh\nexec "${process.execPath}" "${path.join(ROOT, 'server/cli/halfopen.mjs')}" "$@"\n`,
    )
    chmodSync(path.join(bin, 'halfopen'), 0o755)
    const run = spawnSync('sh', ['-c', command.replace('npx --no-install ', '')], {
      cwd,
      env: { ...process.env, PATH: `${bin}:${process.env['PATH']}`, NO_COLOR: '1' },
      encoding: 'utf8',
    })
    expect(run.status, run.stderr).toBe(0)
    let rest = run.stdout
    for (const line of output) {
      if (line.trim() === '…') continue
      for (const piece of line.split('…').filter((p) => p !== '')) {
        const at = rest.indexOf(piece)
        expect(
          at,
          `after what came before, the output has ${JSON.stringify(piece)}:\n${run.stdout}`,
        ).toBeGreaterThanOrEqual(0)
        rest = rest.slice(at + piece.length)
      }
    }
  })
})

/** Commands on the reader's own files are not run, but what they say exists. */
const named = [
  ...readme.matchAll(/(?:npx --no-install )halfopen ([a-z-]+(?: (?:check|backup|compact))?)([^`\n|]*)/g),
].map(([, command, rest]) => ({
  command: command as string,
  options: (rest as string).match(/(?<= )--?[a-z][\w-]*/g) ?? [],
}))
test.each(named)('halfopen $command takes $options', ({ command, options }) => {
  const cli = path.join(ROOT, 'server/cli/halfopen.mjs')
  const run = spawnSync(process.execPath, [cli, ...command.split(' '), '--help'], { cwd: here, encoding: 'utf8' })
  expect(run.status, run.stderr).toBe(0)
  for (const option of options) expect(run.stdout).toMatch(new RegExp(`(?:^|[\\s,])${option}(?=[\\s,]|$)`, 'm'))
})
