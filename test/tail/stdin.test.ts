/** Standard input: real programs and their real pipes. */
import { spawn, type ChildProcess } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import type { Chunk, Resume } from '../../server/tail/contract.ts'
import { readStream, stdin } from '../../server/tail/stdin.ts'
import { until } from '../live/harness/deadline.ts'
import { listen } from './pushed.ts'

interface Program {
  child: ChildProcess
  say: (text: string) => void
  end: () => void
}

/** A program that prints what it is told. */
function program(command = 'cat'): Program {
  const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, say: (text) => void child.stdin.write(text), end: () => void child.stdin.end() }
}

function follow({ child }: Program, resume: Resume | null = null, onChunk: (chunk: Chunk) => void = () => {}) {
  const { stdout } = child
  if (stdout === null) throw new Error('no pipe')
  return listen((options) => readStream('-', stdout, options), { resume, onChunk })
}

it('is the name - alone', async () => {
  await expect(stdin.find('-')).resolves.toEqual(['-'])
  await expect(stdin.find('-:x')).rejects.toThrow('"-" alone is standard input')
})

it('lines as they come, half ones when they are whole, the last one at the end', async () => {
  const from = program()
  const it = follow(from)
  from.say('one\ntw')
  await it.have(1)
  from.say('o é\n\nthr')
  await it.have(3)
  from.say('ee')
  from.end()
  await it.shows('idle', /^ended: nothing more comes from standard input$/)
  expect(it.texts()).toEqual(['one', 'two é', '', 'three'])
  expect(it.lines.every(({ history }) => !history)).toBe(true)
  expect(it.lines.map(({ line, offset }) => [line, offset])).toEqual([
    [1, 0],
    [2, 4],
    [3, 11],
    [4, 12],
  ])
})

it('the input of the next run goes on counting', async () => {
  const first = program('printf "a\\nb\\n"')
  const one = follow(first)
  await one.shows('idle', /^ended/)
  const second = program('printf "c\\n"')
  const two = follow(second, one.saved())
  await two.have(1)
  expect(two.lines).toEqual([{ text: 'c', history: false, line: 3, offset: 4 }])
  expect(two.saved()).toMatchObject({ generation: one.saved()?.generation, position: { received: 3 } })
})

it('a program that is killed ends it', async () => {
  const from = program('echo first; exec sleep 60')
  const it = follow(from)
  await it.have(1)
  from.child.kill('SIGKILL')
  await it.shows('idle', /^ended/)
})

it('a line of more than 1 MiB is its beginning', async () => {
  const from = program('head -c 3000000 /dev/zero | tr "\\0" x; echo; echo after')
  const it = follow(from)
  await it.have(2)
  expect(it.texts()[0]).toHaveLength(2 ** 20 - 1)
  expect(it.texts()[1]).toBe('after')
})

it('close while the program still writes', async () => {
  const from = program('yes 2>&-')
  const it = follow(from)
  await it.have(1000)
  await it.source.close()
  const lines = it.lines.length
  // yes dies of SIGPIPE.
  await until('the program ended', () => from.child.exitCode !== null || from.child.signalCode !== null)
  expect(it.lines).toHaveLength(lines)
})

it('300,000 lines at once and slow commits: memory stays flat, nothing is lost, the program waits', async () => {
  const count = 300_000
  const from = program(`seq -f "%.0f 127.0.0.1 - - GET /some/path/that/makes/it/a/usual/length HTTP/1.1 200" ${count}`)
  const { stdout } = from.child
  if (stdout === null) throw new Error('no pipe')
  let next = 1
  let wrong = 0
  let chunks = 0
  let lag = 0
  let memory = 0
  const before = process.memoryUsage().arrayBuffers
  const source = readStream('-', stdout, {
    resume: null,
    onChunk({ bytes }) {
      chunks++
      if (chunks < 4) throw new Error('disk full')
      for (const line of bytes.toString('latin1').split('\n').slice(0, -1))
        if (Number.parseInt(line, 10) !== next++) wrong++
      lag = Math.max(lag, source.status().lag_bytes)
      memory = Math.max(memory, process.memoryUsage().arrayBuffers - before)
      const until = performance.now() + 20
      while (performance.now() < until);
      return bytes.length
    },
    onStatus: () => {},
  })
  onTestFinished(() => source.close())
  await until('it waits', () => source.status().state === 'unreadable' && source.status().lag_bytes > 200_000)
  await until('everything', () => next > count, {
    deadlineMs: 25_000,
    state: () => `${next} ${JSON.stringify(source.status())}`,
  })
  expect(wrong).toBe(0)
  expect(lag).toBeLessThan(2 * 2 ** 20)
  expect(memory).toBeLessThan(24 * 2 ** 20)
})
