/** 64 KiB, the longest line a parser is given, filled with what parsers dislike at every place of an example. */
import { describe, expect, it } from 'vitest'
import { jsonAccess } from '../../parsers/nginx/access-json.ts'
import { accessPresets } from '../../parsers/nginx/access-presets.ts'
import { variantAccess } from '../../parsers/nginx/access-variant.ts'
import { nginxError } from '../../parsers/nginx/error.ts'
import { keyValueAccess } from '../../parsers/nginx/key-value.ts'
import type { Parser } from '../../parsers/parser.ts'
import { customFormat } from '../../server/scan/choose.ts'

const SIZE = 65_536
const MILLISECONDS = 100
const FILLERS = [
  ...'" \\[]-1a\t'.split(''),
  '\\"',
  'a=',
  ' a=',
  ' - ',
  '" "',
  '] "',
  ', ',
  ' : ',
  '1, ',
  '{"a":',
  '":"',
  ' [21/Nov/2026:06:13:34 +0000] "',
  '" 200 5 "',
  ', client: 1.2.3.4',
  '", host: "',
  '", request: "',
  ' while ',
  '(1: ',
  'open() "',
  '" failed (2: x), client: 1.2.3.4, server: x, request: "GET / HTTP/1.1", host: "x',
  '10.0.0.1:80, ',
  '\\x22',
]
const GIVEN = [
  '$a|$b|$c|$d|$e',
  '$remote_user $http_user_agent $request $status $uri$is_args$args',
  'escape=none "$http_user_agent" "$http_referer" $upstream_response_time "$request"',
  'escape=none $x-$remote_addr#$y',
  'escape=json {"a":"$request","b":$status,"c":"$upstream_addr"}',
  '$a $upstream_response_time "$b" $upstream_addr: $c',
].map((text) => ({ ...customFormat(text), id: text, examples: [{ line: 'a|b|c "d" 200 {"e":1} #', fields: {} }] }))
const PARSERS: readonly Parser[] = [nginxError, ...accessPresets, keyValueAccess, jsonAccess, variantAccess, ...GIVEN]

describe.each(PARSERS.map((parser) => [parser.id, parser] as const))('%s', (_id, parser) => {
  it(`reads or refuses any 64 KiB line within ${MILLISECONDS} ms`, () => {
    const slow: string[] = []
    for (const { line } of parser.examples) {
      // After each place where a field begins or ends.
      const places = [...line.matchAll(/["[\] ,:=]/g)].map((m) => m.index + 1).filter((_, i) => i % 3 === 0)
      for (const filler of FILLERS) {
        for (const place of [0, ...places, line.length]) {
          const hostile = line.slice(0, place) + filler.repeat(SIZE / filler.length) + line.slice(place)
          let took = Infinity
          // A busy machine makes anything slow once.
          for (let tries = 0; tries < 4 && took > MILLISECONDS; tries++) {
            const start = performance.now()
            parser.parse(hostile)
            parser.unfinished?.(hostile)
            took = performance.now() - start
          }
          if (took > MILLISECONDS) slow.push(`${took.toFixed()} ms: ${JSON.stringify(filler)} at ${place} of ${line}`)
        }
      }
    }
    expect(slow).toEqual([])
  })
})

// Apart, since the explaining matcher makes the engine's code for the other one more general.
describe.each(PARSERS.map((parser) => [parser.id, parser] as const))('%s', (_id, parser) => {
  it('explains any such line within a second', () => {
    const slow: string[] = []
    for (const { line } of parser.examples.slice(0, 1)) {
      for (const filler of FILLERS) {
        for (const place of [0, Math.floor(line.length / 2), line.length]) {
          const hostile = line.slice(0, place) + filler.repeat(SIZE / filler.length) + line.slice(place)
          let took = Infinity
          for (let tries = 0; tries < 3 && took > 1000; tries++) {
            const start = performance.now()
            const near = parser.explain?.(hostile) ?? null
            took = performance.now() - start
            expect(near?.at ?? 0).toBeGreaterThanOrEqual(0)
            expect(near?.at ?? 0).toBeLessThanOrEqual(hostile.length)
          }
          if (took > 1000) slow.push(`${took.toFixed()} ms: ${JSON.stringify(filler)} at ${place} of ${line}`)
        }
      }
    }
    expect(slow).toEqual([])
  })
})
