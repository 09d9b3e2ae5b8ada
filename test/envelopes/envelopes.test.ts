/** Each envelope opens its own examples, claims nothing else, and stands any text. */
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ENVELOPE_IDS } from '../../parsers/envelopes/envelope.ts'
import { ENVELOPES, openEnvelope } from '../../parsers/envelopes/index.ts'
import { Unwrapper } from '../../parsers/envelopes/unwrap.ts'
import { PARSERS } from '../../parsers/index.ts'
import { choose } from '../../server/scan/contract.ts'
import { fieldsOf, read, readAll } from './read.ts'
import { wrapAll, WRAPPERS } from './wrappers.ts'

describe.each(ENVELOPES.map((envelope) => [envelope.id, envelope] as const))('%s', (id, envelope) => {
  it('opens its examples, and the registry chooses it for them', () => {
    expect(envelope.examples.length).toBeGreaterThan(0)
    for (const { line, payload, name, stamp } of envelope.examples) {
      const opened = openEnvelope(line)
      expect(opened?.layer.id, line).toBe(id)
      expect(opened).toMatchObject({ payload, layer: { name } })
      expect(opened?.layer.stamp?.text ?? null).toBe(stamp)
      expect(envelope.first).toContain(line[0])
    }
  })

  it('any text: no exception, and what comes out was in the line', () => {
    const heads = envelope.examples.map(({ line }) => line)
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom(...heads),
        fc.nat(),
        (noise, head, cut) => {
          envelope.open(noise)
          envelope.open(head.slice(0, cut % (head.length + 1)) + noise)
          new Unwrapper().open(head + noise)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('time is linear in the length', () => {
    const fillers = [
      '"',
      ' ',
      '\\',
      '[',
      ']',
      '{"log":',
      '.a',
      'a',
      '1',
      '|',
      '@',
      ':',
      '\x1b[',
      '<1>',
      '7 <',
      '[[',
      '\\"',
      '"line":"',
      '"log":"x',
      '- ',
      'a-',
      '0|',
      '{a} ',
    ]
    for (const { line } of envelope.examples) {
      for (const filler of fillers) {
        for (const at of [0, 1, Math.floor(line.length / 3), Math.floor(line.length / 2), line.length]) {
          const long = line.slice(0, at) + filler.repeat(64_000 / filler.length) + line.slice(at)
          let took = Infinity
          // A busy machine makes anything slow once.
          for (let tries = 0; tries < 4 && took > 100; tries++) {
            const start = performance.now()
            new Unwrapper().open(long)
            took = performance.now() - start
          }
          // Quadratic work on 64 kB would take seconds.
          expect(took, `${filler} at ${at} of ${line}`).toBeLessThan(100)
        }
      }
    }
  })
})

it('every envelope of the contract is there, once', () => {
  expect(ENVELOPES.map(({ id }) => id).sort()).toEqual([...ENVELOPE_IDS].sort())
  expect(new Set(WRAPPERS.map(({ id }) => id))).toEqual(new Set(ENVELOPE_IDS))
})

const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
const ACCESS = '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "Mozilla/5.0"'

type Example = (typeof EXAMPLES)[number]
/** Examples that one record comes out of, whatever parser reads them. */
const EXAMPLES = PARSERS.flatMap(({ id, examples }) =>
  examples.map(({ line }) => ({ id, line, bare: read(`${line}\n`) })),
)

describe('what parsers read', () => {
  it('stands in no envelope', () => {
    const claimed = EXAMPLES.filter(({ bare }) => bare.some(({ envelope }) => envelope !== null))
    expect(claimed.map(({ id, line }) => `${id}: ${line}`)).toEqual([])
  })

  const same = ({ line, bare }: Example, wrapped: readonly string[], envelope: readonly string[]): void => {
    // An empty line in an output ends it: supervisord does not mark those that are the application's.
    if (envelope.includes('supervisord') && line.includes('\n\n')) return
    const got = read(`${wrapped.join('\n')}\n`).map((one, i) => ({
      fields: fieldsOf(one.record),
      envelope: one.envelope,
      time: (bare[i]?.time ?? null) === null ? null : one.time,
    }))
    const wanted = bare.map(({ record, time }) => ({ fields: fieldsOf(record), envelope, time }))
    // `expect` costs more than the reading, and there are a hundred thousand of these.
    if (!isDeepStrictEqual(got, wanted)) expect(got, wrapped.join('\n')).toEqual(wanted)
  }
  // What is no record by itself (a line of a longer one) is none in an envelope either; that is not compared.
  const whole = EXAMPLES.filter(({ bare }) => bare.every(({ record }) => record !== null))

  it.each(WRAPPERS.map((wrapper) => [`${wrapper.id}, ${wrapper.name}`, wrapper] as const))(
    'is the same in an envelope: %s',
    (_, wrapper) => {
      expect(whole.length).toBeGreaterThan(10)
      for (const one of whole) same(one, wrapAll(wrapper, one.line.split('\n')), [wrapper.id])
    },
  )

  it.each(WRAPPERS.map((wrapper) => [`${wrapper.id}, ${wrapper.name}`, wrapper] as const))(
    'is the same in two envelopes: any in %s',
    (_, outer) => {
      for (const inner of WRAPPERS) {
        // One supervisord does not log another one's log.
        if (inner.id === 'supervisord' && outer.id === 'supervisord') continue
        for (const one of whole) same(one, wrapAll(outer, wrapAll(inner, one.line.split('\n'))), [outer.id, inner.id])
      }
    },
    120_000,
  )
})

describe('lines that look like an envelope', () => {
  const LOOKALIKES = [
    '192.0.2.7 | GET / HTTP/1.1',
    '200 | 12',
    'INFO     | app.main:run - ready',
    '2026-11-21T06:13:34.185Z | warn | Origin header is missing',
    '2026-11-21T06:13:34.886Z error Forbidden: no',
    '2026-05-20T12:00:00+00:00 WARN websocket: closed',
    '2026-11-21T06:13:34+00:00 192.0.2.7 200',
    '2026-05-20T12:00:00.123456Z  INFO vaultwarden: ready',
    '[2026-11-21 06:13:34 +0000] [13] [WARNING] Unsupported upgrade request.',
    '[HPM] Client disconnected | now',
    '[pod/only] no container',
    '{"time":"2026-11-21T06:13:34Z","log":"main","msg":"hello"}',
    '{"log":{"level":"info"},"stream":"stdout"}',
    '{"log":"x","stream":"orders","time":"2026-11-21T06:13:34Z"}',
    '{"__REALTIME_TIMESTAMP":"soon","MESSAGE":"x"}',
    '2026-11-21 06:13:34,008 DEBUG (MainThread) [x] stdout output:',
    '<999>Nov 21 06:31:45 vm nginx: x',
    '<30>0 2026-11-21T06:13:34Z h a p m - x',
    '<30>1000 2026-11-21T06:13:34Z h a p m - x',
    '<b>Nov 21 06:31:45 vm nginx: x',
    'Now 21 06:31:45 vm nginx: x',
    'web-1 exited with code 137',
  ]
  it.each(LOOKALIKES)('%s', (line) => {
    expect(openEnvelope(line)).toBeNull()
    expect(read(`${line}\n`)).toMatchObject([{ envelope: null }])
  })

  it('a format that was given by the user is read before such an envelope is thought of', () => {
    const line = `app.example | ${ACCESS}`
    const custom = choose({ format: null, logFormat: `$host | ${COMBINED}` })
    expect(read(`${line}\n`)).toMatchObject([{ envelope: ['compose'], record: { format: 'nginx-access' } }])
    expect(read(`${line}\n`, Infinity, custom)).toMatchObject([
      { envelope: null, record: { format: 'log_format', fields: { host: 'app.example', status: 101 } } },
    ])
  })

  it('where the payload is no record but the whole line is, there is no envelope', () => {
    const line = '2026-11-21T06:13:34.123456789Z INFO text'
    expect(openEnvelope(line)?.layer.id).toBe('docker-timestamp')
    expect(read(`${line}\n`)).toMatchObject([{ envelope: null, record: { message: 'text' } }])
  })
})

it('the empty lines of a container are skipped, and counted as lines', () => {
  const { got, summary } = readAll('web-1  | \nweb-1  |\n2026-11-21T06:13:34.123456789Z stdout F \n')
  expect(got).toEqual([])
  expect(summary).toMatchObject({ lines: 3, parsed: 0, unparsed: 0 })
})
