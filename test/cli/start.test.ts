/** What a short run loads. Counted instead of timed, so that a busy machine cannot fail it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import Module from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessPresets } from '../../parsers/nginx/access-presets.ts'
import { run } from './run.ts'

let folder: string
let log: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'halfopen-start-'))
  // Files and built-in modules as they are when the process ends, by a file that is loaded in front of it.
  writeFileSync(
    join(folder, 'watch.cjs'),
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'loaded.json'))},
      JSON.stringify([Object.keys(require.cache), process.moduleLoadList])))`,
  )
  log = join(folder, 'access.log')
  const line = (second: number): string =>
    `198.51.100.7 - - [21/Nov/2026:06:13:${second} +0000] "GET /socket.io/?transport=websocket HTTP/1.1" 426 0 "-" "x"`
  // A finding, whose id is a hash; and a last line that is cut off, as every copied part of a log has it.
  writeFileSync(log, `${Array.from({ length: 40 }, (_, i) => line(10 + i)).join('\n')}\n198.51.100.7 - - [21/N`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function loadedBy(args: readonly string[]): Promise<{ files: string[]; builtins: string[] }> {
  const ran = await run(args, { env: { NODE_OPTIONS: `--require ${join(folder, 'watch.cjs')}` } })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout).not.toBe('')
  const [files, builtins] = JSON.parse(readFileSync(join(folder, 'loaded.json'), 'utf8')) as [string[], string[]]
  return {
    files: files.flatMap((file) => file.split('/dist/server/')[1] ?? []),
    builtins: builtins.filter((id) => HEAVY.test(id)).map((id) => id.replace('NativeModule ', '')),
  }
}

/** Each takes about as long as a tenth of `node -e 0`, or more. */
const HEAVY = /^NativeModule (?:child_process|crypto|http|net|stream|tty|worker_threads|zlib)$/

describe('a short run', () => {
  it('of analyze loads four files and none of the larger parts of Node.js', async () => {
    for (const output of ['json', 'text']) {
      const { files, builtins } = await loadedBy(['analyze', '--no-progress', '--output', output, log])
      expect(files.toSorted()).toEqual([
        'cli/main.cjs',
        'parts/reading.cjs',
        'parts/rolldown-runtime.cjs',
        'parts/scan.cjs',
      ])
      expect(builtins).toEqual([])
    }
  })

  it('loads little text, and no example of a parser', () => {
    const texts = ['cli/main', 'parts/reading', 'parts/scan'].map((name) =>
      readFileSync(`dist/server/${name}.cjs`, 'latin1'),
    )
    expect(texts.join('').length).toBeLessThan(595_000)
    const { line } = accessPresets[0]?.examples[0] ?? { line: '' }
    expect(line).toMatch(/Nov\/2026/)
    expect(texts.filter((text) => text.includes(JSON.stringify(line).slice(1, -1)))).toEqual([])
  })

  it('of a log with errors loads what they mean', async () => {
    const errors = join(folder, 'error.log')
    const said = 'upstream prematurely closed connection while reading response header from upstream'
    const what = 'client: 198.51.100.7, server: app.example, request: "GET /ws HTTP/1.1", host: "app.example"'
    writeFileSync(errors, `2026/11/21 06:13:34 [error] 7#7: *1 ${said}, ${what}\n`)
    expect((await loadedBy(['analyze', '--no-progress', errors])).files).toContain('parts/meaning.cjs')
  })

  it('of log-format does not either', async () => {
    const { files, builtins } = await loadedBy(['log-format'])
    expect(files.length).toBeLessThanOrEqual(6)
    expect(builtins).toEqual([])
  })

  it('of --version and --help does not load what reads logs', async () => {
    for (const args of [['--version'], ['--help'], ['analyze', '--help']]) {
      expect((await loadedBy(args)).files).toEqual(expect.not.arrayContaining(['parts/scan.cjs', 'parts/main.cjs']))
    }
  })
})

describe('the code cache', () => {
  const built = readdirSync('dist/server', { recursive: true, encoding: 'utf8' })
  const files = built.filter((name) => name.endsWith('.cache')).map((name) => join('dist/server', name.slice(0, -6)))

  it('is beside every file of the command line', () => {
    expect(files.toSorted()).toEqual(expect.arrayContaining(['dist/server/cli/main.cjs', 'dist/server/parts/scan.cjs']))
  })

  it.each(files)('of %s is accepted by this Node.js', (file) => {
    const source = Module.wrap(readFileSync(file, 'latin1'))
    expect(new Script(source, { cachedData: readFileSync(`${file}.cache`) }).cachedDataRejected).toBe(false)
    // A cache of another length is another text's: V8 looks at nothing else.
    expect(new Script(`${source} `, { cachedData: readFileSync(`${file}.cache`) }).cachedDataRejected).toBe(true)
  })

  it.each(files)('is for ASCII, of which %s is all', (file) => {
    expect(readFileSync(file).every((byte) => byte < 128)).toBe(true)
  })
})
