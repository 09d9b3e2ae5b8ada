/** Lines that belong together, however they arrive. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { read, readAll } from './read.ts'

const cri = (stream: string, tag: string, text: string): string =>
  `2026-11-21T06:13:34.123456789+00:00 ${stream} ${tag} ${text}\n`
const json = (stream: string, log: string): string =>
  `${JSON.stringify({ log, stream, time: '2026-11-21T06:13:34.01231Z' })}\n`
const seen = (text: string): [number, string | null][] => read(text).map(({ line, raw }) => [line, raw])

const ACCESS = '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "Mozilla/5.0"'

describe('split lines', () => {
  it('CRI: pieces are joined per stream, with their blanks, under the number of the first', () => {
    const log = [
      cri('stdout', 'P', 'one '),
      cri('stderr', 'P', 'two '),
      cri('stdout', 'P', 'split '),
      cri('stderr', 'P', 'split '),
      cri('stderr', 'F', 'log'),
      cri('stdout', 'F', 'log'),
      cri('stdout', 'F', 'alone'),
    ].join('')
    expect(seen(log)).toEqual([
      [1, 'one split log'],
      [2, 'two split log'],
      [7, 'alone'],
    ])
    expect(readAll(log).summary).toMatchObject({ lines: 7, unparsed: 7 })
  })

  it('Docker: joined up to the line end, also a record in the middle', () => {
    const log = [
      json('stdout', 'first\n'),
      json('stdout', ACCESS.slice(0, 30)),
      json('stderr', 'between\n'),
      json('stdout', ACCESS.slice(30, 60)),
      json('stdout', `${ACCESS.slice(60)}\n`),
      json('stdout', 'last\n'),
    ].join('')
    const got = read(log)
    expect(got.map(({ line, raw }) => [line, raw])).toEqual([
      [1, 'first'],
      [2, null],
      [3, 'between'],
      [6, 'last'],
    ])
    expect(got[1]).toMatchObject({
      envelope: ['docker-json'],
      record: { fields: { status: 101, request_uri: '/ws', http_user_agent: 'Mozilla/5.0' } },
    })
  })

  it('Docker: a file whose line ends were taken off is not one long line', () => {
    expect(seen(json('stdout', 'one') + json('stdout', 'two'))).toEqual([
      [1, 'one'],
      [2, 'two'],
    ])
  })

  it('Docker: a full buffer is a piece, whatever stood before', () => {
    const long = 'é'.repeat(8192)
    expect(seen(json('stdout', long) + json('stdout', 'rest\n'))).toEqual([[1, `${long}rest`]])
  })

  it('an envelope inside of split ones is seen when the line is whole', () => {
    const line = `web-1  | ${cri('stdout', 'F', ACCESS).trim()}`
    const log = [json('stdout', 'x\n'), json('stdout', line.slice(0, 5)), json('stdout', `${line.slice(5)}\n`)].join('')
    expect(read(log)[1]).toMatchObject({
      line: 2,
      envelope: ['docker-json', 'compose', 'cri'],
      record: { type: 'access' },
    })
  })

  it('journald: a line that its driver has split', () => {
    const entry = (message: string, partial: boolean): string =>
      `${JSON.stringify({
        __REALTIME_TIMESTAMP: '1795241614221373',
        CONTAINER_ID: 'a1',
        MESSAGE: message,
        ...(partial ? { CONTAINER_PARTIAL_MESSAGE: 'true' } : {}),
      })}\n`
    expect(seen(entry('one ', true) + entry('line', false))).toEqual([[1, 'one line']])
  })

  it('a piece whose rest never comes is told at the end of the input, or when others have had their say', () => {
    expect(seen(cri('stdout', 'P', 'half a '))).toEqual([[1, 'half a ']])
    const others = cri('stderr', 'F', 'other').repeat(100)
    const got = seen(cri('stdout', 'P', 'half a ') + others + cri('stdout', 'F', 'line'))
    expect(got).toHaveLength(102)
    expect(got[0]).toEqual([1, 'half a '])
    expect(got.at(-1)).toEqual([102, 'line'])
  })

  it('a line of megabytes in pieces is one unread record', () => {
    const log = `${cri('stdout', 'P', 'x'.repeat(16_000)).repeat(300)}${cri('stdout', 'F', 'end')}${cri('stdout', 'F', ACCESS)}`
    const { got, summary } = readAll(log, 50_000)
    expect(got).toMatchObject([
      { line: 1, envelope: ['cri'], reason: 'too-long' },
      { line: 302, record: { type: 'access' } },
    ])
    expect(got[0]?.raw).toHaveLength(200)
    expect(summary).toMatchObject({ lines: 302, parsed: 1, unparsed: 301 })
  })
})

describe('records of several lines', () => {
  const FORGED =
    '2026/11/21 06:13:51 [error] 7#7: *1 open() "/srv/x\n2026/11/21 06:13:52 [emerg] 7#7: forged" failed (2: No such file or directory), client: 192.0.2.7, server: a.test, request: "GET /x%0a HTTP/1.1", host: "a.test"'

  it('a forged head inside a quoted path is no record, in an envelope as well', () => {
    const lines = FORGED.split('\n')
    const bare = read(`${FORGED}\n`)
    expect(bare).toHaveLength(1)
    const log = [json('stderr', `${lines[0]}\n`), json('stdout', `${ACCESS}\n`), json('stderr', `${lines[1]}\n`)].join(
      '',
    )
    const got = read(log)
    expect(got.map(({ line, envelope, record }) => [line, envelope, record?.type])).toEqual([
      [1, ['docker-json'], 'error'],
      [2, ['docker-json'], 'access'],
    ])
    expect(got[0]?.record).toMatchObject({ client: '192.0.2.7', level: 'error' })
  })
})

describe('supervisord', () => {
  const head = "2026-11-21 06:13:39,730 DEBG 'desktop' stdout output:"

  it('a head dates the lines below it, up to an empty one', () => {
    const log = ['earlier', head, 'first', '\x1b[36msecond\x1b[0m', '', 'later']
    const got = read(`${log.join('\n')}\n`)
    expect(got.map(({ line, envelope, time, raw }) => [line, envelope, time, raw])).toEqual([
      [1, null, null, log[0]],
      [3, ['supervisord'], '2026-11-21T06:13:39.73', 'first'],
      [4, ['supervisord'], '2026-11-21T06:13:39.73', 'second'],
      [6, null, null, 'later'],
    ])
  })

  it('with compose in front every line has the prefix, and each container its own heads', () => {
    const log = [
      `desktop-1  | ${head}`,
      'web-1   | not below a head',
      'desktop-1  | 7:01AM ERR failed',
      'desktop-1  | ',
      'desktop-1  | bare again',
      `desktop-1  | ${head}`,
      "desktop-1  | 2026-11-21 06:13:40,000 INFO exited: 'desktop'",
      'desktop-1  | over',
    ]
    const got = read(`${log.join('\n')}\n`)
    expect(got.map(({ line, envelope }) => [line, envelope?.join()])).toEqual([
      [2, 'compose'],
      [3, 'compose,supervisord'],
      [5, 'compose'],
      [7, 'compose'],
      [8, 'compose'],
    ])
  })

  it('nothing below a head is counted from its bytes alone', () => {
    const log = [ACCESS, head, ACCESS, '', ACCESS, ''].join('\n')
    expect(read(log).map(({ envelope }) => envelope?.join() ?? null)).toEqual([null, 'supervisord', null])
  })
})

it('octet counting: messages that follow each other without a line end are all read', () => {
  const counted = (message: string): string => `${Buffer.byteLength(message)} ${message}`
  const head = '<190>Nov 21 06:31:45 vm nginx: '
  const log = `${counted(`${head}é 1`)}${counted(`${head}${ACCESS}`)}${counted(`${head}3`)}\n`
  const got = read(log)
  expect(got.map(({ line, raw }) => [line, raw])).toEqual([
    [1, 'é 1'],
    [1, null],
    [1, '3'],
  ])
  expect(readAll(log).summary).toMatchObject({ lines: 1 })
})

it('journald: a message that journalctl left out is told as cut', () => {
  expect(read('{"__REALTIME_TIMESTAMP":"1795241614221373","MESSAGE":null}\n')).toMatchObject([
    { envelope: ['journald-json'], time: '2026-11-21T06:13:34.221373Z', raw: '', reason: 'truncated' },
  ])
})

it('the same records come out whatever the pieces in which the bytes arrive', () => {
  const line = fc.oneof(
    fc
      .tuple(fc.constantFrom('stdout', 'stderr'), fc.constantFrom('P', 'F', 'F'), fc.constantFrom('a ', ACCESS, 'b'))
      .map(([stream, tag, text]) => cri(stream, tag, text)),
    fc
      .tuple(fc.constantFrom('stdout', 'stderr'), fc.constantFrom('a\n', 'b', `${ACCESS}\n`))
      .map(([stream, log]) => json(stream, log)),
    fc.constantFrom(
      `${ACCESS}\n`,
      '\n',
      'web-1  | x\n',
      'web-1  | \n',
      "2026-11-21 06:13:39,730 DEBG 'desktop' stdout output:\n",
      "web-1  | 2026-11-21 06:13:39,730 DEBG 'desktop' stdout output:\n",
      '\xff\xfe\0\n',
    ),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 1, max: 400 }), (lines, chunk) => {
      const log = lines.join('')
      const [whole, pieces] = [readAll(log), readAll(log, chunk)]
      expect(pieces.got).toEqual(whole.got)
      expect(pieces.summary).toEqual(whole.summary)
      expect(whole.summary.lines).toBe(lines.length)
    }),
    { numRuns: 300 },
  )
})

it('any bytes: no exception, every line counted, nothing lost', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.array(fc.nat(11)), (noise, picks) => {
      const heads = [
        cri('stdout', 'P', ''),
        json('stdout', 'a'),
        'web-1  | ',
        '<190>Nov 21 06:31:45 vm nginx: ',
        '[pod/a/b] ',
        'Nov  2 06:13:34 vm app[4]: ',
        '2026-11-21T06:13:34.123456789+01:00 ',
        '\x1b[2K',
        '\n',
        '{"log":"',
        '17 <1>1 - - - - - - ',
        "2026-11-21 06:13:39,730 DEBG 'desktop' stdout output:\n",
      ]
      const bytes = Buffer.concat([...picks.map((i) => Buffer.from(heads[i] as string)), noise])
      const { summary } = readAll(bytes, 97)
      const ends = bytes.filter((byte) => byte === 10).length
      expect(summary.lines).toBe(ends + (bytes.length > 0 && bytes.at(-1) !== 10 ? 1 : 0))
      expect(summary.bytes).toBe(bytes.length)
    }),
    { numRuns: 500 },
  )
})
