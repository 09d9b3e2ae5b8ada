/** Container logs through everything that happens to containers, engines, connections and ourselves. */
import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Chunk, Resume, SourceStatus } from '../../server/tail/contract.ts'
import { openDocker } from '../../server/tail/docker.ts'
import { Engine } from '../../server/tail/docker/engine.ts'
import { EngineServer, stampAt, type Entry } from './engine.ts'
import { folder } from './follow.ts'

const OLD = Date.parse('2026-11-20T08:00:00Z')

async function engine(): Promise<EngineServer> {
  const server = new EngineServer()
  await server.start()
  return server
}

interface Options {
  resume?: Resume | null
  history_since?: number
  /** Throws, or returns how many bytes are taken; default all. */
  take?: (chunk: Chunk) => number
}

/** Opens `docker:web`; `store` is what would have been committed. */
function open(server: EngineServer, { resume = null, history_since, take }: Options = {}) {
  const lines: { text: string; history: boolean; generation: string; line: number }[] = []
  const states: SourceStatus[] = []
  const waiting = new Set<() => void>()
  let stored = resume
  const source = openDocker(
    'docker:web',
    {
      resume,
      ...(history_since === undefined ? {} : { history_since }),
      onChunk(chunk) {
        const used = take ? take(chunk) : chunk.bytes.length
        const text = chunk.bytes.toString('utf8', 0, used)
        let { line } = chunk
        for (const each of text.split('\n').slice(0, -1))
          lines.push({ text: each.slice(31), history: chunk.history, generation: chunk.generation, line: line++ })
        stored = JSON.parse(JSON.stringify({ generation: chunk.generation, ...chunk.after(used) })) as Resume
        for (const look of waiting) look()
        return used
      },
      onStatus(status) {
        states.push(status)
        for (const look of waiting) look()
      },
    },
    new Engine({ socketPath: server.socketPath }),
  )
  onTestFinished(() => source.close())
  const until = (holds: () => boolean, what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const deadline = setTimeout(
        () => reject(new Error(`${what}: never; ${JSON.stringify({ lines, now: source.status() })}`)),
        8000,
      )
      const look = (): void => {
        if (!holds()) return
        clearTimeout(deadline)
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return {
    source,
    lines,
    states,
    texts: () => lines.map(({ text }) => text),
    seen: (text: string) => until(() => lines.some((line) => line.text === text), text),
    shows: (hint: RegExp) => until(() => states.some((status) => hint.test(status.hint ?? '')), String(hint)),
    stored: () => stored,
  }
}

let clock = Date.now()
const out = (text: string): Entry => ({ stream: 'stdout', stamp: stampAt(++clock), text: `${text}\n` })
const err = (text: string): Entry => ({ stream: 'stderr', stamp: stampAt(++clock), text: `${text}\n` })
const old = (n: number): Entry => ({ stream: 'stdout', stamp: stampAt(OLD + n), text: `old ${n}\n` })

describe('what is read', () => {
  it('is the log of both streams, line by line, first what was there and then what comes', async () => {
    const server = await engine()
    const box = server.create('web')
    server.write(box, old(1), { ...old(2), stream: 'stderr' })
    const { seen, lines, source } = open(server)
    await source.poll()
    clock = Date.now() + 1000
    server.write(box, out('new 1'), err('new 2'), out(''), out('new ü'))
    await seen('new ü')
    expect(lines.map(({ text, history, line }) => [line, text, history])).toEqual([
      [1, 'old 1', true],
      [2, 'old 2', true],
      [3, 'new 1', false],
      [4, 'new 2', false],
      [5, '', false],
      [6, 'new ü', false],
    ])
    expect(new Set(lines.map(({ generation }) => generation)).size).toBe(1)
    expect(source.status()).toEqual({ state: 'idle', hint: null, lag_bytes: 0 })
  })

  it('is the same with a TTY, and from Podman', async () => {
    for (const form of ['tty', 'podman']) {
      const server = await engine()
      server.style = { since: 'each', podman: form === 'podman' }
      server.write(server.create('web', { tty: form === 'tty' }), old(1), old(2))
      const { seen, texts } = open(server)
      await seen('old 2')
      expect(texts()).toEqual(['old 1', 'old 2'])
    }
  })

  it('does not begin before the time that is of interest', async () => {
    const server = await engine()
    server.write(server.create('web'), old(1), old(60_000), old(61_000))
    const { seen, texts } = open(server, { history_since: OLD + 60_000 })
    await seen('old 61000')
    expect(texts()).toEqual(['old 60000', 'old 61000'])
    expect(server.urls.at(-1)).toMatch(/since=1795161660$/)
  })

  it('of a container that comes later is news', async () => {
    const server = await engine()
    const { seen, shows, lines } = open(server)
    await shows(/no container of that name/)
    server.write(server.create('web'), old(1))
    await seen('old 1')
    expect(lines.map(({ history }) => history)).toEqual([false])
  })
})

describe('the container', () => {
  it('restarts: its log goes on', async () => {
    const server = await engine()
    const box = server.create('web')
    server.write(box, out('one'))
    const { seen, texts, shows, source } = open(server)
    await seen('one')
    server.halt(box)
    await shows(/not running/)
    expect(source.status().state).toBe('idle')
    server.restart(box, stampAt(++clock))
    server.write(box, out('two'))
    await seen('two')
    server.write(box, out('three'))
    await seen('three')
    expect(texts()).toEqual(['one', 'two', 'three'])
  })

  it('is made anew under the same name: another generation, all of it news', async () => {
    const server = await engine()
    const box = server.create('web')
    server.write(box, out('one'))
    const { seen, lines } = open(server)
    await seen('one')
    server.remove(box)
    server.write(server.create('web'), out('two'))
    await seen('two')
    expect(lines.map(({ text, line }) => [line, text])).toEqual([
      [1, 'one'],
      [1, 'two'],
    ])
    expect(lines[0]?.generation).not.toBe(lines[1]?.generation)
    expect(lines[1]?.history).toBe(false)
  })

  it('was made anew while we were away', async () => {
    const server = await engine()
    const box = server.create('web')
    server.write(box, out('one'))
    const first = open(server)
    await first.seen('one')
    await first.source.close()
    server.remove(box)
    server.write(server.create('web'), out('two'))
    const second = open(server, { resume: first.stored() })
    await second.seen('two')
    expect(second.lines.map(({ history, line }) => [line, history])).toEqual([[1, false]])
    expect(second.stored()?.generation).not.toBe(first.stored()?.generation)
  })

  it('does not lose the lines of its predecessor that could not be stored yet', async () => {
    const server = await engine()
    const box = server.create('web')
    let broken = false
    const { seen, texts, shows, source } = open(server, {
      take({ bytes }) {
        if (broken) throw new Error('disk full')
        return bytes.length
      },
    })
    await source.poll()
    broken = true
    server.write(box, out('one'))
    await shows(/disk full/)
    server.remove(box)
    server.write(server.create('web'), out('two'))
    await source.poll()
    broken = false
    await seen('two')
    expect(texts()).toEqual(['one', 'two'])
  })
})

describe('the engine', () => {
  it('goes away and comes back: told, and nothing lost or doubled', async () => {
    const server = await engine()
    const box = server.create('web')
    server.write(box, out('one'))
    const { seen, texts, shows, source } = open(server)
    await seen('one')
    await server.stop()
    await shows(/^no container engine at .*engine\.sock; start it, mount its socket or set DOCKER_HOST$/)
    expect(source.status().state).toBe('missing')
    box.log.push(out('two'))
    await server.start()
    await seen('two')
    expect(texts()).toEqual(['one', 'two'])
    expect(source.status()).toEqual({ state: 'idle', hint: null, lag_bytes: 0 })
  })

  it('breaks off in the middle of frames', async () => {
    const server = await engine()
    const box = server.create('web')
    server.style = { since: 'first', podman: false, pieces: [3, 50, 1, 9] }
    // In the first header, in a stamp, in a text, behind a frame.
    server.breaks.push(3, 60, 20, 100, 45, 4, 90)
    const entries = Array.from({ length: 30 }, (_, n) => (n % 3 === 0 ? err(`line ${n}`) : out(`line ${n}`)))
    server.write(box, ...entries)
    const { seen, texts } = open(server)
    await seen('line 29')
    expect(texts()).toEqual(entries.map(({ text }) => text.trimEnd()))
    expect(server.breaks).toEqual([])
  })

  it('refuses the socket', async () => {
    const server = await engine()
    chmodSync(server.socketPath, 0o000)
    const child = fileURLToPath(new URL('engine-child.ts', import.meta.url))
    const asked = promisify(execFile)(process.execPath, ['--import', 'tsx', child, server.socketPath])
    expect((await asked).stdout).toMatch(
      /^permission denied on .*\.sock; let this user use it \(group docker\), or use a socket proxy$/,
    )
  })

  it('cannot read the log driver', async () => {
    const server = await engine()
    server.create('web', { driver: 'none\u001b[31m' })
    server.refuse = { status: 501, body: '{"message":"configured logging driver does not support reading"}' }
    const { source, shows } = open(server)
    await shows(
      /^log driver none \[31m cannot be read \(configured logging driver does not support reading\); use json-file, local or journald for this container$/,
    )
    expect(source.status().state).toBe('unreadable')
  })

  it('is a proxy that does not let us', async () => {
    const server = await engine()
    server.create('web')
    server.refuse = { status: 403, body: '<html><body>Forbidden' }
    await open(server).shows(/refuses \(403\); a socket proxy must allow GET \/containers$/)
  })

  it('is something else', async () => {
    const path = join(folder(), 'file')
    writeFileSync(path, '')
    const named = (socketPath: string) => new Engine({ socketPath }).inspect('web')
    await expect(named(path)).rejects.toThrow(/no container engine at/)
    await expect(named(join('/tmp', 'x'.repeat(300)))).rejects.toThrow(/cannot be reached|no container engine/)
  })
})

describe('resume', () => {
  const styles = (['each', 'first'] as const).flatMap((since) => [false, true].map((podman) => ({ since, podman })))

  it.each(styles)('after kill -9 at any moment, every line exactly once (%o)', async (style) => {
    const server = await engine()
    server.style = { ...style, pieces: [1000, 7] }
    const box = server.create('web')
    // Several lines with one stamp, and streams that overtake each other.
    const entries = Array.from({ length: 300 }, (_, n): Entry => {
      const late = n % 7 === 3
      const stamp = stampAt(OLD + Math.floor(n / 5) * 300 - (late ? 500 : 0))
      return { stream: late ? 'stderr' : 'stdout', stamp, text: `${n}\n` }
    })
    const got: string[] = []
    let resume: Resume | null = null
    let written = 0
    for (let run = 0; run < 40 && got.length < entries.length; run++) {
      // Half of the commits fail; what was committed in a run is all that the next one knows.
      let left = 1 + (run % 3)
      let last: Resume | null = resume
      server.write(box, ...entries.slice(written, (written += 31)))
      if (run % 4 === 1) server.breaks.push(500 + run)
      const { source } = open(server, {
        resume,
        take(chunk) {
          if (left-- <= 0) throw new Error('killed')
          const used = chunk.bytes.lastIndexOf(10, Math.floor((chunk.bytes.length * (50 + run)) / 100)) + 1
          const cut = chunk.final || used === 0 ? chunk.bytes.length : used
          got.push(
            ...chunk.bytes
              .toString('utf8', 0, cut)
              .split('\n')
              .slice(0, -1)
              .map((line) => line.slice(31)),
          )
          last = JSON.parse(JSON.stringify({ generation: chunk.generation, ...chunk.after(cut) })) as Resume
          return cut
        },
      })
      await source.poll()
      left = run % 2 === 0 ? 1 : 0
      await source.close()
      resume = last
    }
    expect(got).toEqual(entries.map(({ text }) => text.trimEnd()))
  })

  it('goes on with the line numbers, and with the end of history', async () => {
    const server = await engine()
    const box = server.create('web')
    server.write(box, old(1), old(2))
    const first = open(server, { take: ({ bytes }) => bytes.indexOf(10) + 1 })
    await first.seen('old 1')
    const resume = structuredClone(first.stored())
    const second = open(server, { resume })
    await second.seen('old 2')
    clock = Date.now() + 1000
    server.write(box, out('new'))
    await second.seen('new')
    expect(second.lines.map(({ text, line, history }) => [line, text, history])).toEqual([
      [2, 'old 2', true],
      [3, 'new', false],
    ])
  })
})

it('stops reading while nothing can be stored: the engine keeps what does not fit', async () => {
  const server = await engine()
  const box = server.create('web')
  let broken = true
  const { source, seen, texts } = open(server, {
    take({ bytes }) {
      if (broken) throw new Error('disk full')
      return bytes.length
    },
  })
  const text = 'x'.repeat(10_000)
  for (let n = 0; n < 3000; n++) server.write(box, out(`${n} ${text}`))
  server.write(box, out('end'))
  const waiting = (): number => source.status().lag_bytes
  await expect.poll(waiting, { timeout: 10_000 }).toBeGreaterThan(1.9 * 2 ** 20)
  // It would go on with what the engine has ready.
  for (let n = 0; n < 20; n++) await new Promise(setImmediate)
  expect(waiting()).toBeLessThan(2.2 * 2 ** 20)
  broken = false
  await seen('end')
  expect(texts().map((line) => line.split(' ')[0])).toEqual([...Array(3000).keys(), 'end'].map(String))
})
