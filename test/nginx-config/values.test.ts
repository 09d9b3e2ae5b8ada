import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logFormats, resolveRequest } from '../../server/nginx-config/contract.ts'
import { applyEdits, unifiedDiff, type Edit } from '../../server/nginx-config/diff.ts'
import { expandPattern } from '../../server/nginx-config/glob.ts'
import { nginxSeconds } from '../../server/nginx-config/nginx-time.ts'
import { fromPcre, isAffordable } from '../../server/nginx-config/pcre.ts'
import { applyPatch } from '../live/harness/apply.ts'
import { configOf } from './config-text.ts'

describe('time values', () => {
  const cases: [string, number | null][] = [
    ['60', 60],
    ['60s', 60],
    ['5m', 300],
    ['1h30m', 5400],
    ['1h 30m', 5400],
    ['1m 30', 90],
    ['500ms', 0.5],
    ['1s500ms', 1.5],
    ['1d', 86_400],
    ['1w', 604_800],
    ['0', 0],
    ['1.5s', null],
    ['-1', null],
    ['60S', null],
    ['1M', null],
    ['1y', null],
    ['30s1m', null],
    ['off', null],
    ['', null],
    ['$t', null],
  ]
  it.each(cases)('%j is %s seconds', (text, expected) => expect(nginxSeconds(text)).toBe(expected))
})

describe('include patterns', () => {
  const tree: Record<string, string[]> = {
    '/': ['etc'],
    '/etc': ['a.conf', 'B.conf', '.hidden.conf', 'x.conf~', 'd1', 'd2', 'a+b(1).conf'],
    '/etc/d1': ['s.conf'],
    '/etc/d2': ['r.conf'],
  }
  const expand = (pattern: string) => expandPattern(pattern, (folder) => tree[folder] ?? [])
  it('match within one segment, in byte order, without hidden files', () => {
    expect(expand('/etc/*.conf')).toEqual(['/etc/B.conf', '/etc/a+b(1).conf', '/etc/a.conf'])
    expect(expand('/etc/d?/*')).toEqual(['/etc/d1/s.conf', '/etc/d2/r.conf'])
    expect(expand('/etc/[!B].conf')).toEqual(['/etc/a.conf'])
    expect(expand('/etc/a[.]conf')).toEqual(['/etc/a.conf'])
    expect(expand('/etc/a+b(?).conf')).toEqual(['/etc/a+b(1).conf'])
    expect(expand('/nowhere/*')).toEqual([])
    expect(expand('/etc/[z-a]*')).toEqual([])
  })
})

describe('PCRE', () => {
  it('is understood as far as locations use it', () => {
    expect(fromPcre('^/(?P<app>\\w+)/ws$', false)?.test('/chat/ws')).toBe(true)
    expect(fromPcre('(?i)\\.WS$', false)?.test('/a.ws')).toBe(true)
    expect(fromPcre('^/[[:alpha:]]++/(?>a|b)\\z', false)?.test('/xy/b')).toBe(true)
    expect(fromPcre('\\.(?!css)', true)?.test('/a.css')).toBe(false)
  })
  it('keeps its own meaning of $, dots and brackets', () => {
    expect(fromPcre('^/ws$', false)?.test('/ws\n')).toBe(true)
    expect(fromPcre('^/ws\\Z', false)?.test('/ws\n')).toBe(true)
    expect(fromPcre('^/ws\\z', false)?.test('/ws\n')).toBe(false)
    expect(fromPcre('^/ws\\$', false)?.test('/ws$')).toBe(true)
    expect(fromPcre('^/a.b', false)?.test('/a\rb')).toBe(true)
    expect(fromPcre('^/a.b', false)?.test('/a\nb')).toBe(false)
    expect(fromPcre('^/[]/x]$', false)?.test('/]')).toBe(true)
    expect(fromPcre('^/[^]/]x', false)?.test('/]x')).toBe(false)
    expect(fromPcre('^/[.$]$', false)?.test('/a')).toBe(false)
  })
  it('costs no more than a path is worth', () => {
    const dear = ['^/(a|a|aa)*b$', '^/((a+))*b', '^/(x+x+)+y$', '^/(?:(a|b)c?)+$', '^/(a?){30}b', '^/(\\w|\\d){2,}$']
    for (const pattern of dear) expect([pattern, fromPcre(pattern, false)]).toEqual([pattern, null])
    const usual = [
      '\\.(?:js|css)$',
      '^/(ws|api)/(.*)$',
      '^/[^/]+/[^/]+/[^/]+/[^/]+/ws$',
      '^/(?:\\w+/)?ws',
      '^/v\\d{1,2}/(a|b)',
    ]
    for (const pattern of usual) {
      const expression = fromPcre(pattern, false)
      expect([pattern, expression && isAffordable(expression, 8000)]).toEqual([pattern, true])
    }
    const cubic = fromPcre('^/(.*)(.*)(.*)!$', false)
    expect(cubic && [isAffordable(cubic, 100), isAffordable(cubic, 8000)]).toEqual([true, false])
  })
  it('is not guessed at where RegExp has no counterpart', () => {
    for (const pattern of ['^(a(?R)?b)$', '(?(1)a|b)', '\\Q.\\E', '(', '(*UTF8)a'])
      expect(fromPcre(pattern, false)).toBeNull()
  })
})

it('values that double with every line are not followed', () => {
  const config = configOf(
    `http { server { listen 80; set $x aaaaaaaaaaaaaaaa; ${'set $x $x$x$x$x; '.repeat(40)} location / { proxy_pass http://b; proxy_set_header X-K $x; } } }`,
  )
  const asked = { scheme: 'http', port: 80, address: null, host: 'h', target: '/', headers: {} } as const
  expect(resolveRequest(config, asked)[0]?.received?.headers).toContainEqual(
    expect.objectContaining({ name: 'x-k', value: null }),
  )
})

describe('keys of a map', () => {
  const seen = (options: string, host: string) => {
    const config = configOf(`http { map $http_host $k { ${options} default none; .a.test dot; b.test exact; c.* tail; }
      server { listen 80; location / { proxy_pass http://b; proxy_set_header X-K $k; } } }`)
    const asked = { scheme: 'http', port: 80, address: null, host, target: '/', headers: {} } as const
    return resolveRequest(config, asked)[0]?.received?.headers.find(({ name }) => name === 'x-k')?.value
  }
  it('have dots and asterisks of their own with hostnames only', () => {
    expect(['.a.test', 'q.a.test', 'c.*', 'c.x'].map((host) => seen('', host))).toEqual(['dot', 'none', 'tail', 'none'])
    expect(['a.test', 'q.a.test', 'c.x'].map((host) => seen('hostnames;', host))).toEqual(['dot', 'dot', 'tail'])
  })
  it('are compared without the last dot of a name with hostnames only', () => {
    expect([seen('', 'b.test.'), seen('hostnames;', 'b.test.')]).toEqual(['none', 'exact'])
  })
})

describe('log formats', () => {
  it('are joined and told from their escape, with the logs that use them', () => {
    const config = configOf(`http {
      log_format one '$remote_addr '
                     '"$request"';
      log_format two escape=json '{"t":"$msec"}';
      access_log /var/log/nginx/a.log one buffer=32k;
      server { access_log off; location / { access_log logs/b.log two; } location /c { access_log /c.log; } }
    }`)
    const { formats, access_logs } = logFormats(config)
    expect([...formats.values()].map(({ name, text, escape, line }) => ({ name, text, escape, line }))).toEqual([
      { name: 'one', text: '$remote_addr "$request"', escape: 'default', line: 2 },
      { name: 'two', text: '{"t":"$msec"}', escape: 'json', line: 4 },
    ])
    expect(access_logs.map(({ path, format, line }) => [path, format, line])).toEqual([
      ['/var/log/nginx/a.log', 'one', 5],
      ['logs/b.log', 'two', 6],
      ['/c.log', 'combined', 6],
    ])
  })
})

describe('a diff', () => {
  const line = fc.constantFrom('a\n', 'b\n', '\n', 'c;\r\n')
  const text = fc.array(line, { minLength: 1, maxLength: 40 }).map((lines) => lines.join(''))
  const edits = (old: string) =>
    fc
      .array(fc.tuple(fc.nat(old.length), fc.nat(6), fc.constantFrom('', 'x', '\n', 'new;\n', 'two\nlines\n')), {
        maxLength: 5,
      })
      .map((raw) => {
        const out: Edit[] = []
        for (const [start, length, added] of raw.sort((a, b) => a[0] - b[0])) {
          if (start < (out.at(-1)?.end ?? 0)) continue
          out.push({ start, end: Math.min(old.length, start + length), text: added })
        }
        return out
      })

  it('gives the edited text when it is applied strictly', () => {
    fc.assert(
      fc.property(
        text.chain((old) => fc.tuple(fc.constant(old), edits(old))),
        ([old, changes]) => {
          const wanted = applyEdits(old, changes)
          const diff = unifiedDiff('nginx.conf', old, changes)
          if (wanted === old) expect(diff).toBe('')
          // The strict applier does not know files without a last line feed; patch.test.ts has them.
          else if (wanted.endsWith('\n')) expect(applyPatch(old, diff)).toBe(wanted)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
