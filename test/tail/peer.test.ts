/** The npm package tail-file on scenarios of ours: why this project reads files itself. Only ours is asserted;
 *  what the package does is printed. */
import { appendFileSync, renameSync, truncateSync, copyFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folder, follow, LINGERED } from './follow.ts'

/** What is used of tail-file, which has no types. */
interface Peer {
  on(event: 'line', listener: (line: string) => void): void
  startP(): Promise<void>
  stop(): Promise<void>
}
const TailFile: new (path: string, options: object) => Peer = createRequire(import.meta.url)('tail-file')

/** Lines the package delivers until the last one arrived, or nothing came for half a second. */
async function peerLines(path: string, act: () => void | Promise<void>, last: string): Promise<string[]> {
  const lines: string[] = []
  let done: () => void = () => undefined
  let silence: NodeJS.Timeout | undefined
  const wait = () => {
    clearTimeout(silence)
    silence = setTimeout(done, 500)
  }
  const peer = new TailFile(path, { startPos: 'end', force: true })
  peer.on('line', (line) => {
    lines.push(line)
    if (line === last) done()
    else wait()
  })
  await peer.startP()
  const finished = new Promise<void>((resolve) => (done = resolve))
  await act()
  wait()
  await finished
  clearTimeout(silence)
  await peer.stop()
  return lines
}

/** Gives the reader of the same process a chance between two writes. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

const SCENARIOS: { name: string; act: (path: string) => AsyncGenerator<void>; expected: string[] }[] = [
  {
    name: 'a character written in two pieces',
    async *act(path) {
      const bytes = Buffer.from('größe 🚇\n')
      for (const byte of bytes) {
        appendFileSync(path, Buffer.of(byte))
        yield
      }
      appendFileSync(path, 'end\n')
      yield
    },
    expected: ['größe 🚇', 'end'],
  },
  {
    name: 'copytruncate, filled again past the old place',
    async *act(path) {
      appendFileSync(path, 'a1\na2\n')
      yield
      appendFileSync(path, 'a3\n')
      copyFileSync(path, `${path}.1`)
      truncateSync(path)
      appendFileSync(path, Array.from({ length: 20 }, (_, index) => `b${index}\n`).join('') + 'end\n')
      yield
    },
    expected: ['a1', 'a2', 'a3', ...Array.from({ length: 20 }, (_, index) => `b${index}`), 'end'],
  },
  {
    name: 'rename, late writes to the old file, new file',
    async *act(path) {
      appendFileSync(path, 'a1\n')
      yield
      renameSync(path, `${path}.1`)
      writeFileSync(path, '')
      appendFileSync(`${path}.1`, 'a2\n')
      yield
      appendFileSync(path, 'b1\n')
      appendFileSync(`${path}.1`, 'a3\n')
      yield
      appendFileSync(path, 'end\n')
      yield
    },
    expected: ['a1', 'a2', 'a3', 'b1', 'end'],
  },
]

it.each(SCENARIOS)('$name', async ({ name, act, expected }) => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, '')
  const { poll, later, text } = follow(path)
  await poll()
  for await (const _ of act(path)) await poll()
  await later(LINGERED)
  await later(LINGERED)
  expect(text()).toBe(`${expected.join('\n')}\n`)

  const other = join(folder(), 'access.log')
  writeFileSync(other, '')
  const lines = await peerLines(
    other,
    async () => {
      for await (const _ of act(other)) await turn()
    },
    'end',
  )
  const lost = expected.filter((line) => !lines.includes(line))
  const extra = lines.filter((line) => !expected.includes(line))
  console.log(`tail-file 1.4: ${name}: lost ${JSON.stringify(lost)}, wrong ${JSON.stringify(extra)}`)
})

it('a 4 MB line', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, '')
  const line = `${'x'.repeat(4 << 20)}\n`
  const { poll, text } = follow(path)
  await poll()
  const ours = performance.now()
  appendFileSync(path, `${line}end\n`)
  await poll()
  const ourTime = performance.now() - ours
  expect(text()).toBe('end\n')
  expect(ourTime).toBeLessThan(500)

  const other = join(folder(), 'access.log')
  writeFileSync(other, '')
  const theirs = performance.now()
  await peerLines(other, () => appendFileSync(other, `${line}end\n`), 'end')
  console.log(`4 MB line: ours ${ourTime.toFixed(0)} ms, tail-file 1.4 ${(performance.now() - theirs).toFixed(0)} ms`)
})
