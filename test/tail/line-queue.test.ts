/** Lines that were pushed, between their arrival and their commit; with the test's own clock. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Chunk, Place, SourceStatus } from '../../server/tail/contract.ts'
import { LineQueue } from '../../server/tail/line-queue.ts'

const MIB = 2 ** 20

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  return () => vi.useRealTimers()
})

interface Offered {
  text: string
  offset: number
  line: number
  history: boolean
  final: boolean
  /** Since the start, ms. */
  at: number
}

/** @param take how many bytes onChunk takes, or throws; default all. */
function queue(take: (chunk: Chunk) => number = ({ bytes }) => bytes.length) {
  const from = performance.now()
  const offered: Offered[] = []
  const states: Pick<SourceStatus, 'state' | 'hint'>[] = []
  const stored: Place[] = []
  let rooms = 0
  const lines = new LineQueue(
    {
      resume: null,
      onChunk(chunk) {
        const { bytes, offset, line, history, final = false } = chunk
        const text = bytes.length > 1000 ? `${bytes.length} bytes` : bytes.toString()
        offered.push({ text, offset, line, history, final, at: performance.now() - from })
        const used = take(chunk)
        if (used > 0) stored.push(chunk.after(used))
        return used
      },
      onStatus: ({ state, hint }) => states.push({ state, hint }),
    },
    { generation: 'g', seq: 100, line: 7, position: { n: 0 } },
    { onRoom: () => rooms++ },
  )
  let n = 0
  return {
    lines,
    offered,
    states,
    stored,
    rooms: () => rooms,
    push(text: string | Buffer, history = false) {
      lines.push(Buffer.from(text), { n: ++n }, history)
    },
    texts: () => offered.map(({ text }) => text),
  }
}

/** Holds back everything from the last line that begins with `[`, as a reader does whose record may go on. */
function untilBracket({ bytes, final }: Chunk): number {
  const text = bytes.toString()
  const at = text.startsWith('[') ? 0 : text.lastIndexOf('\n[') + 1
  return final || (at === 0 && !text.startsWith('[')) ? bytes.length : at
}

describe('what is offered', () => {
  it('gathers lines that come together into one chunk, and numbers them on', () => {
    const { push, offered, stored } = queue()
    push('one\n')
    push('zwei ü')
    vi.advanceTimersByTime(20)
    push('three\r\n')
    vi.advanceTimersByTime(20)
    expect(offered).toEqual([
      { text: 'one\nzwei ü\n', offset: 100, line: 7, history: false, final: false, at: 20 },
      { text: 'three\r\n', offset: 112, line: 9, history: false, final: false, at: 40 },
    ])
    expect(stored).toEqual([
      { seq: 112, position: { n: 2 } },
      { seq: 119, position: { n: 3 } },
    ])
  })

  it('does not put off a line because others follow it', () => {
    const { push, offered } = queue()
    for (let n = 0; n < 10; n++) {
      push(`${n}\n`)
      vi.advanceTimersByTime(5)
    }
    expect(offered.map(({ at }) => at)).toEqual([20, 40])
  })

  it('keeps bytes that their owner uses again', () => {
    const { lines, texts } = queue()
    const line = Buffer.from('one\n')
    lines.push(line, {}, false)
    line.fill('x')
    vi.advanceTimersByTime(20)
    expect(texts()).toEqual(['one\n'])
  })

  it('never offers more than 1 MiB, cuts a longer line, and loses nothing between chunks', () => {
    const { push, offered, stored, lines } = queue()
    push('x'.repeat(MIB + 5))
    push('y'.repeat(MIB / 2))
    push('z'.repeat(MIB / 2))
    push('end\n')
    lines.flush()
    expect(offered.map(({ text, offset, line }) => [text, offset, line])).toEqual([
      [`${MIB} bytes`, 100, 7],
      [`${MIB / 2 + 1} bytes`, 100 + MIB, 8],
      [`${MIB / 2 + 5} bytes`, 101 + MIB * 1.5, 9],
    ])
    expect(stored.at(-1)).toEqual({ seq: 106 + MIB * 2, position: { n: 4 } })
  })

  it('keeps history and live lines apart, and ends the last record of history', () => {
    const { push, offered, lines } = queue(untilBracket)
    push('old\n', true)
    push('[old\n', true)
    push('new\n')
    lines.flush()
    expect(offered.map(({ text, history, final }) => [text, history, final])).toEqual([
      ['old\n[old\n', true, true],
      ['new\n', false, false],
    ])
  })
})

describe('records that are held back', () => {
  it('are completed by the next line', () => {
    const { push, texts, stored } = queue(untilBracket)
    push('one\n')
    push('[two\n')
    vi.advanceTimersByTime(900)
    expect(texts()).toEqual(['one\n[two\n'])
    push('three]\n')
    push('four\n')
    vi.advanceTimersByTime(20)
    expect(texts()).toEqual(['one\n[two\n', '[two\nthree]\nfour\n'])
    expect(stored.map(({ position }) => position)).toEqual([{ n: 1 }])
  })

  it('become final 1 s after the last line, not after the first', () => {
    const { push, offered, stored } = queue(untilBracket)
    push('[one\n')
    vi.advanceTimersByTime(900)
    push('two\n')
    vi.advanceTimersByTime(999)
    expect(offered.map(({ final }) => final)).toEqual([false, false])
    vi.advanceTimersByTime(1)
    expect(offered.at(-1)).toEqual({ text: '[one\ntwo\n', offset: 100, line: 7, history: false, final: true, at: 1900 })
    expect(stored).toEqual([{ seq: 109, position: { n: 2 } }])
    vi.advanceTimersByTime(60_000)
    expect(offered).toHaveLength(3)
  })

  it('are final at once when their owner says that nothing more comes', () => {
    const { push, offered, lines } = queue(untilBracket)
    push('[one\n')
    lines.flush()
    lines.flush()
    expect(offered).toHaveLength(1)
    lines.flush(true)
    expect(offered.at(-1)).toMatchObject({ text: '[one\n', final: true })
    expect(lines.empty).toBe(true)
  })

  it('are final when they fill a chunk', () => {
    const { push, offered, lines } = queue(({ bytes, final }) => (final ? bytes.length : 0))
    push('[' + 'x'.repeat(MIB - 100))
    push('y'.repeat(200))
    lines.flush()
    expect(offered.map(({ text, final }) => [text, final])).toEqual([
      [`${MIB - 98} bytes`, false],
      [`${MIB - 98} bytes`, true],
      ['y'.repeat(200) + '\n', false],
    ])
  })
})

describe('onChunk throws', () => {
  it('offers the same bytes again after 250 ms, doubling to 30 s, and shows why', () => {
    let broken = true
    const { push, offered, lines, states } = queue(({ bytes }) => {
      if (broken) throw new Error('disk full')
      return bytes.length
    })
    push('one\n')
    vi.advanceTimersByTime(20)
    push('two\n')
    vi.advanceTimersByTime(200_000)
    const gaps = offered.map(({ at }, n) => at - (offered[n - 1]?.at ?? 0))
    expect(gaps).toEqual([20, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000])
    expect(new Set(offered.map(({ text }) => text))).toEqual(new Set(['one\n']))
    expect(states).toEqual([{ state: 'unreadable', hint: 'disk full' }])
    expect(lines.status()).toEqual({ state: 'unreadable', hint: 'disk full', lag_bytes: 8 })
    broken = false
    vi.advanceTimersByTime(31_000)
    expect(offered.slice(-2).map(({ text, offset }) => [text, offset])).toEqual([
      ['one\n', 100],
      ['two\n', 104],
    ])
    expect(lines.status()).toEqual({ state: 'idle', hint: null, lag_bytes: 0 })
  })

  it('is not hurried by polls, and what its owner shows comes back afterwards', () => {
    let left = 1
    const { push, offered, lines, states } = queue(({ bytes }) => {
      if (left-- > 0) throw new Error('not now')
      return bytes.length
    })
    push('one\n')
    lines.flush()
    lines.flush()
    lines.show('missing', 'the engine is away')
    expect(offered).toHaveLength(1)
    vi.advanceTimersByTime(250)
    expect(offered).toHaveLength(2)
    expect(states).toEqual([
      { state: 'unreadable', hint: 'not now' },
      { state: 'missing', hint: 'the engine is away' },
    ])
  })

  it('takes back what is not a line end, and does not accept final bytes held back for ever', () => {
    const { push, lines } = queue(() => 2)
    push('one\n')
    lines.flush()
    expect(lines.status()).toMatchObject({ state: 'unreadable', hint: 'onChunk returned 2: not a line end' })
    const held = queue(() => 0)
    held.push('one\n')
    held.lines.flush(true)
    expect(held.lines.status()).toMatchObject({ hint: 'onChunk held back 4 final bytes at 100' })
  })
})

describe('back-pressure', () => {
  it('says when it is full, by bytes or by lines, and once when there is room again', () => {
    let broken = true
    const { push, lines, rooms } = queue(({ bytes }) => {
      if (broken) throw new Error('not now')
      return bytes.length
    })
    let pushed = 0
    while (!lines.full) push(`${pushed++}\n`)
    // Short lines take more memory than their bytes.
    expect(pushed).toBeLessThan((2 * MIB) / 256)
    vi.advanceTimersByTime(10_000)
    expect(rooms()).toBe(0)
    broken = false
    vi.advanceTimersByTime(30_000)
    expect(rooms()).toBe(1)
    expect(lines.empty).toBe(true)
    while (!lines.full) push('x'.repeat(100_000))
    vi.advanceTimersByTime(20)
    expect(rooms()).toBe(2)
  })

  it('does not wait to gather when it is full', () => {
    const { push, offered, lines } = queue()
    while (!lines.full) push('x'.repeat(100_000))
    vi.advanceTimersByTime(0)
    expect(offered.length).toBeGreaterThan(0)
  })

  it('shows that it is behind while more than 1 MiB waits', () => {
    let left = 1
    const { push, lines, states } = queue(({ bytes }) => {
      if (left-- > 0) throw new Error('not now')
      return bytes.length
    })
    for (let n = 0; n < 12; n++) push('x'.repeat(99_999))
    expect(lines.status()).toEqual({ state: 'reading', hint: null, lag_bytes: 1_200_000 })
    vi.advanceTimersByTime(2000)
    expect(lines.status()).toEqual({ state: 'idle', hint: null, lag_bytes: 0 })
    expect(states.map(({ state }) => state)).toEqual(['reading', 'unreadable', 'idle'])
  })
})

describe('close', () => {
  it('offers everything a last time, final, and nothing afterwards', () => {
    const { push, offered, lines } = queue(untilBracket)
    push('one\n')
    push('[two\n')
    lines.close()
    lines.close()
    push('three\n')
    vi.advanceTimersByTime(60_000)
    expect(offered.map(({ text, final }) => [text, final])).toEqual([['one\n[two\n', true]])
  })

  it('tries what failed once more without waiting, and then lets go', () => {
    let left = 3
    const { push, texts, lines } = queue(({ bytes }) => {
      if (left-- > 0) throw new Error('not now')
      return bytes.length
    })
    push('one\n')
    lines.flush()
    push('two\n')
    lines.close()
    vi.advanceTimersByTime(60_000)
    expect(texts()).toEqual(['one\n', 'one\n'])
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('hands on every line exactly once, whatever onChunk does (300 seeded runs)', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = numbers(seed)
    let text = ''
    let resting = 0
    const { push, lines } = queue(({ bytes, final }) => {
      if (random() < 0.1) throw new Error('not now')
      const cut =
        final || random() < 0.5 ? bytes.length : bytes.lastIndexOf(10, Math.floor(random() * bytes.length)) + 1
      text += bytes.toString('utf8', 0, cut)
      return cut
    })
    let expected = ''
    for (let n = 0; n < 60; n++) {
      const line = `${n} ${'ä'.repeat(random() * 20)}\n`
      expected += line
      push(line, n < seed % 20)
      if (random() < 0.3) vi.advanceTimersByTime(random() * 2000)
      if (random() < 0.05) lines.flush(random() < 0.5)
    }
    while (!lines.empty && resting++ < 100) vi.advanceTimersByTime(30_000)
    expect(text, `seed ${seed}`).toBe(expected)
  }
})

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
