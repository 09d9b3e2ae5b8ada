/** Which lines of a log that is read again were read before. */
import { expect, it } from 'vitest'
import type { Stream } from '../../server/tail/docker/frames.ts'
import { askFrom, behind, readBefore, type DockerPosition } from '../../server/tail/docker/place.ts'
import { stampAt } from './engine.ts'

const START: DockerPosition = { id: 'a', line: 1, history_until: null, streams: {} }
const AT = 1_790_000_000_000

type Line = [Stream, string]

/** What an engine gives for `since`: without every older line, or without those before the first newer one. */
function again(log: readonly Line[], since: number | null, style: 'each' | 'first'): Line[] {
  const from = since === null ? '' : stampAt(since * 1000)
  if (style === 'each') return log.filter(([, stamp]) => stamp >= from)
  const first = log.findIndex(([, stamp]) => stamp >= from)
  return first === -1 ? [] : log.slice(first)
}

/** The lines after the first `n` that are taken when the log is read again. */
function taken(log: readonly Line[], n: number, style: 'each' | 'first'): Line[] {
  const position = log.slice(0, n).reduce((place, [stream, stamp]) => behind(place, stream, stamp), START)
  const wasRead = readBefore(position)
  return again(log, askFrom(position), style).filter(([stream, stamp]) => !wasRead(stream, stamp))
}

it('counts lines and keeps the newest stamp of each stream', () => {
  const place = behind(behind(behind(START, 'stdout', stampAt(AT)), 'stdout', stampAt(AT)), 'stderr', stampAt(AT, 1))
  expect(place).toEqual({
    ...START,
    line: 4,
    streams: { stdout: { stamp: stampAt(AT), count: 2 }, stderr: { stamp: stampAt(AT, 1), count: 1 } },
  })
  expect(askFrom(place)).toBe(AT / 1000 - 10)
  expect(askFrom(START)).toBe(null)
})

it('goes on exactly after any line, with equal stamps and streams that overtake each other (600 seeded logs)', () => {
  for (let seed = 1; seed <= 600; seed++) {
    let state = seed
    const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below
    const clock = { stdout: AT, stderr: AT }
    // Podman's stamps are whole seconds.
    const grain = seed % 3 === 0 ? 1000 : 1
    const log: Line[] = Array.from({ length: 40 }, () => {
      const stream: Stream = random(3) === 0 ? 'stderr' : 'stdout'
      const newest = Math.max(clock.stdout, clock.stderr)
      // Most lines have the stamp of the one before.
      clock[stream] = Math.max(clock[stream], newest - random(3000))
      if (random(2) === 0) clock[stream] += random(seed % 2 === 0 ? 20 : 8000)
      return [stream, stampAt(clock[stream] - (clock[stream] % grain))]
    })
    for (let n = 0; n <= log.length; n++)
      for (const style of ['each', 'first'] as const)
        expect(taken(log, n, style), `seed ${seed}, after ${n}, ${style}`).toEqual(log.slice(n))
  }
})

it('takes what is there when the engine has dropped what was read', () => {
  const position = behind(behind(START, 'stdout', stampAt(AT)), 'stdout', stampAt(AT))
  const wasRead = readBefore(position)
  expect(wasRead('stdout', stampAt(AT, 1))).toBe(false)
  expect(wasRead('stdout', stampAt(AT))).toBe(false)
})

it('reads nothing twice after the clock was set back, from engines that give everything since the first', () => {
  const log: Line[] = [0, 1, 2, -3600, -3599, -3598].map((s) => ['stdout', stampAt(AT + s * 1000)])
  for (let n = 0; n <= log.length; n++) expect(taken(log, n, 'first')).toEqual(log.slice(n))
})
