/** Messages in a TCP stream, whatever the sizes of its segments. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FrameReader } from '../../server/tail/syslog/frames.ts'

function read(stream: Buffer, ends: readonly number[] = []): string[] {
  const got: string[] = []
  const reader = new FrameReader({
    onMessage: (message, cut) => got.push(message.toString('latin1') + (cut ? '…' : '')),
  })
  const cuts = [...ends.map((end) => end % (stream.length + 1)), stream.length].toSorted((a, b) => a - b)
  cuts.forEach((end, i) => reader.push(stream.subarray(cuts[i - 1] ?? 0, end)))
  reader.end()
  return got
}

it.each([
  ['a line feed behind', '<13>a b\n<14>c\n', ['<13>a b', '<14>c']],
  ['a length in front', '7 <13>a b6 <14>c\n', ['<13>a b', '<14>c\n']],
  ['both, and line feeds or NUL between counted ones', '5 <1>ab\n\n<2>cd\n\u00005 <3>ef', ['<1>ab', '<2>cd', '<3>ef']],
  ['no line feed at the end', '<13>a', ['<13>a']],
  ['a count that the end does not reach', '20 <13>a', ['<13>a…']],
  ['digits that are no count', '12 monkeys\n7\n12345678 <1>x\n', ['12 monkeys', '7', '12345678 <1>x']],
  ['a count alone', '12 ', ['12 ']],
  ['nothing', '', []],
])('%s', (_what, stream, messages) => {
  expect(read(Buffer.from(stream))).toEqual(messages)
})

it('any mixture, cut anywhere', () => {
  const text = fc.stringMatching(/^[a-z 0-9<>]{0,20}$/)
  const message = fc.record({ text, counted: fc.boolean() })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), (sent, cuts) => {
      const messages = sent.map(({ text: rest }) => `<13>${rest}`)
      const framed = messages.map((whole, i) => (sent[i]?.counted ? `${whole.length} ${whole}` : `${whole}\n`))
      expect(read(Buffer.from(framed.join('')), cuts)).toEqual(messages)
    }),
  )
})

it('any bytes: no exception, and nothing but separators is left out', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 5 }), (bytes, cuts) => {
      const text = (part: string): string => part.replace(/[\n\r\0…]/g, '').replace(/[0-9 ]/g, '')
      const stream = Buffer.from(bytes)
      expect(text(read(stream, cuts).join(''))).toBe(text(stream.toString('latin1')))
    }),
  )
})

it('a message of more than 64 KiB is its beginning, framed either way', () => {
  const long = `<13>${'x'.repeat(200_000)}`
  const got = read(Buffer.from(`${long.length} ${long}${long}\n<14>after\n`), [5, 70_000, 150_000, 300_000])
  expect(got.map(({ length }) => length)).toEqual([2 ** 16 + 1, 2 ** 16 + 1, 9])
  expect(got[2]).toBe('<14>after')
})
