import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printTokens, readTokens, tokenText } from '../../server/nginx-config/tokens.ts'
import { parseFile, type Statement } from '../../server/nginx-config/tree.ts'
import { configFromText, configView, logFormats } from '../../server/nginx-config/contract.ts'
import { sourceOf } from './config-text.ts'

const parse = (text: string) => parseFile(sourceOf(text))
const nested = (statements: readonly Statement[]): Statement[] =>
  statements.flatMap((one) => [one, ...(one.block ? nested(one.block) : [])])
const words = ({ name, args }: Statement) => [name, ...args]

describe('words, as nginx reads them', () => {
  const cases: [string, string[]][] = [
    ['listen 80;', ['listen', '80']],
    ['a "b c" \'d;e\';', ['a', 'b c', 'd;e']],
    ['a "q\\"q" \'\\t\\\\x\' \\d+;', ['a', 'q"q', '\t\\x', '\\d+']],
    ['set $x ${host}y{;', ['set', '$x', '${host}y']],
    ['root /a#b"c;', ['root', '/a#b"c']],
    ['a # one; { "\n b#not a comment\n # } \n c;', ['a', 'b#not', 'a', 'comment', 'c']],
    ["'' close;", ['', 'close']],
    ['a\\ b\\;c d;', ['a\\ b\\;c', 'd']],
    ['if ("$a" = "b") {}', ['if', '("$a"', '=', 'b', ')']],
    ['location ~ ^/a\\{2}$ {}', ['location', '~', '^/a\\{2}$']],
    ['\ufefflisten 80;\r\n', ['listen', '80']],
  ]
  it.each(cases)('%j', (text, expected) => {
    const first = readTokens(sourceOf(text))
    expect(printTokens(first.tokens)).toBe(text)
    const [statement] = parse(text).statements
    expect(statement && words(statement)).toEqual(expected)
  })

  it('keep line, column and range', () => {
    const text = '# c\r\nhttp {\r\n\t"multi\nline" x;\n  y;\n}\n'
    const places = parse(text).tokens.filter(({ kind }) => kind === 'word')
    expect(places.map((token) => [tokenText(token), token.line, token.column])).toEqual([
      ['http', 2, 1],
      ['"multi\nline"', 3, 2],
      ['x', 4, 7],
      ['y', 5, 3],
    ])
    for (const { start, end, source } of places) expect(source.text.slice(start, end)).not.toMatch(/^\s|;$/)
  })
})

describe('Lua blocks', () => {
  it('are kept raw; braces in Lua strings and comments do not count', () => {
    const lua = ` local t = { a = "}" } -- }\n --[==[ } ]] ]==] x = [[ } ]] y = '\\'}' `
    const { error, statements } = parse(`server { content_by_lua_block {${lua}} listen 80; }`)
    expect(error).toBeNull()
    const [block, after] = statements[0]?.block ?? []
    expect(block?.raw && tokenText(block.raw)).toBe(lua)
    expect(after?.name).toBe('listen')
  })

  it('begin only at the directive itself', () => {
    expect(parse('upstream content_by_lua_block { server a; }').statements[0]?.block?.[0]?.name).toBe('server')
  })
})

describe('what is no configuration gives file, line and column', () => {
  const cases: [string, string, number, number][] = [
    ['http {\n  server {\n', 'this "{" is never closed', 2, 10],
    ['a "b;\nc;\n', 'this " is never closed', 1, 3],
    ["x;\n set $a 'b;", "this ' is never closed", 2, 9],
    ['http {\n}\n}\n', 'unexpected "}"', 3, 1],
    [';', 'unexpected ";"', 1, 1],
    ['a {\n  { b; }\n}', 'unexpected "{"', 2, 3],
    ['location /a {\n  proxy_pass http://b\n}', 'directive "proxy_pass" is not terminated by ";"', 2, 3],
    ['listen 80', 'directive "listen" is not terminated by ";"', 1, 1],
    ['a_by_lua_block { "} ', 'this "{" is never closed', 1, 16],
    ['a{'.repeat(100_000), 'blocks are nested deeper than 100', 1, 202],
  ]
  it.each(cases)('%.40j', (text, message, line, column) => {
    expect(parse(text).error).toEqual({ kind: 'syntax', file: '/etc/nginx/nginx.conf', line, column, message })
  })
})

describe('what nginx refuses but can be read', () => {
  it('is read and named', () => {
    expect(parse('\ufeffuser a;').refused.map(({ line, column }) => [line, column])).toEqual([[1, 1]])
    const quoted = parse('set $x "a"-b;')
    expect(quoted.statements.map(words)).toEqual([['set', '$x', 'a', '-b']])
    expect(quoted.refused[0]?.message).toBe('unexpected "-" after a quote')
  })
})

describe('any text', () => {
  const pieces = [
    '{',
    '}',
    ';',
    '"',
    "'",
    '\\',
    '$',
    '#',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\ufeff',
    '${',
    '[[',
    '--',
    'é',
    '\ud800',
  ]
  const names = [
    'server',
    'location',
    'http',
    'include',
    'proxy_pass',
    'x_by_lua_block',
    'map',
    '/',
    '~',
    '(?<a>',
    'set',
  ]
  const configText = fc.array(fc.oneof(fc.constantFrom(...pieces, ...names), fc.string({ maxLength: 4 })), {
    maxLength: 60,
  })

  it('comes back unchanged from its tokens, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          configText.map((parts) => parts.join('')),
        ),
        (text) => {
          const { tokens, statements } = parse(text)
          expect(printTokens(tokens)).toBe(text)
          // Directives read theirs again from the text: they are the ones of the whole file.
          const there = new Map(tokens.filter(({ kind }) => kind !== 'bom').map((token) => [token.start, token]))
          for (const { words, end, close, line } of nested(statements)) {
            for (const token of [...words, end, ...(close ? [close] : [])])
              expect(token).toEqual(there.get(token.start))
            expect(line).toBe(words[0]?.line)
          }
          for (let i = 1; i < tokens.length; i++) expect(tokens[i]?.start).toBe(tokens[i - 1]?.end)
          const loaded = configFromText(text, 'nginx.conf')
          if (!loaded.ok) return
          const view = configView(loaded.config)
          view.settings('a', '/b')
          view.patch(null, '/', [{ context: 'location /', text: 'proxy_http_version 1.1;' }])
          logFormats(loaded.config)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('of 2.5 MB is read in linear time', () => {
    const server = 'server { listen 80; location /ws/ { proxy_pass http://b; proxy_set_header Host $host; # c\n } }\n'
    const seconds = (text: string) => {
      const start = performance.now()
      parse(text)
      return (performance.now() - start) / 1000
    }
    // 0.2 to 0.5 s were measured on an idle machine; the bound allows a busy one. One long line and Lua's long brackets
    // are where a quadratic reader would take minutes.
    expect(seconds(`http {\n${server.repeat(26_000)}}\n`)).toBeLessThan(8)
    expect(seconds('a b;'.repeat(150_000))).toBeLessThan(8)
    const { statements } = parse('a b;'.repeat(150_000))
    const start = performance.now()
    expect(statements.reduce((sum, { words, end }) => sum + words.length + end.column, 0)).toBeGreaterThan(1)
    expect((performance.now() - start) / 1000).toBeLessThan(8)
    expect(seconds(`a_by_lua_block { ${'[='.repeat(1_250_000)}`)).toBeLessThan(8)
  })
})
