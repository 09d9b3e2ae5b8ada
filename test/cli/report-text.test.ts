import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Finding, Report } from '../../server/diagnosis/contract.ts'
import { reportText, type TextOptions } from '../../server/cli/report-text.ts'
import { changeRows, commandRows, patchRows } from '../../server/cli/report-fix.ts'
import { displayWidth, plain } from '../../server/cli/terminal.ts'
import { unifiedDiff } from '../../server/nginx-config/diff.ts'
import { finding, report } from './reports.ts'

const options: TextOptions = { width: 80, colour: false, timezone: 'UTC', top: null, verbose: false }
const show = (changes: Partial<Report> = {}, more: Partial<TextOptions> = {}): string =>
  reportText(report(changes), { ...options, ...more })
const one = (changes: Partial<Finding>, more: Partial<TextOptions> = {}): string =>
  show({ findings: [finding(changes)] }, more)
/** Without layout, to find sentences that the width has broken. */
const flat = (text: string): string => text.replace(/\s+/g, ' ')

describe('the order of reading', () => {
  it('answers what is wrong, how sure, since when, how often, where, why, what to change, how to check and undo', () => {
    const text = flat(show())
    const order = [
      '1 problem found',
      'nginx does not pass the WebSocket upgrade on',
      'error, almost certain (95 %), 12 times',
      'since 2026-11-21 06:13:35, last seen 06:15:02',
      'on app.test/ws, backend 127.0.0.1:53721',
      'access.log:1',
      'portainer.log:17',
      "the application says the Connection header of the request had no 'upgrade' token",
      '$ sudo cp -a /etc/nginx',
      'Pass Upgrade and Connection on',
      '+ proxy_set_header Upgrade $http_upgrade;',
      '$ sudo nginx -t && sudo systemctl reload nginx',
      '$ sudo rsync',
      'edge-proxy (20 %)',
      'Also seen',
      'Visitors close the page',
      'What these logs cannot show',
      'idle timeouts',
      '1,234 requests',
      'Read /var/log/nginx/access.log',
      '2 lines not read',
    ]
    const places = order.map((part) => text.indexOf(part))
    expect(order.filter((_, i) => (places[i] ?? -1) < 0)).toEqual([])
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it('has what is wrong and the start of the change on a screen of 24 rows', () => {
    const screen = show().split('\n').slice(0, 23).join('\n')
    expect(screen).toContain('nginx does not pass the WebSocket upgrade on')
    expect(flat(screen)).toContain('Change Pass Upgrade and Connection on to the backend')
  })

  it('shows one line of every log before a second of any, and all of them with --verbose', () => {
    expect(show()).not.toContain('access.log:9')
    expect(flat(show())).toContain('2 of 3 kept lines, 12 in all (--verbose shows them)')
    expect(flat(one({ count: 2 }))).toContain('2 of 3 kept lines (--verbose shows them)')
    expect(show({}, { verbose: true })).toContain('access.log:9')
  })

  it('lists what there is when there are several problems', () => {
    const several = Array.from({ length: 120 }, (_, i) =>
      finding({ title: `Problem number ${i + 1} ${'with a long title '.repeat(9)}` }),
    )
    const rows = show({ findings: several }).split('\n')
    expect(rows[0]).toBe('120 problems found')
    expect(rows[3]).toMatch(/^1 {3}error {2}app\.test\/ws {2}Problem number 1 with .*…$/)
    expect(rows[122]).toMatch(/^120 error {2}app\.test\/ws {2}Problem number 120 with .*…$/)
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(80)
  })

  it('begins the list with what differs: the place, its two ends kept, and not again in the title', () => {
    const at = (server: string | null, path: string | null, upstream: string | null) =>
      finding({
        title: `The proxy does not pass the WebSocket upgrade on to the backend at ${path ?? upstream}`,
        scope: { server, path, upstream, source: null },
      })
    const long = '/api/endpoints/:id/docker/containers/:id'
    const findings = [at('a.example', '/ws', null), at('b.example', `${long}/one`, null), at(null, null, '10.0.0.1:80')]
    expect(show({ findings }).split('\n').slice(3, 6)).toEqual([
      '1  error  a.example/ws                         The proxy does not pass the WebS…',
      '2  error  b.example/api/en…containers/:id/one  The proxy does not pass the WebS…',
      '3  error  10.0.0.1:80                          The proxy does not pass the WebS…',
    ])
  })

  it('says how many findings --top leaves out', () => {
    const text = show({}, { top: 1 })
    expect(text).not.toContain('Visitors')
    expect(text).toContain('1 more finding (--top 2)')
  })
})

describe('no finding', () => {
  it('says so together with what cannot be seen', () => {
    const text = show({ findings: [] })
    expect(text).toMatch(/^No problems found in what could be read\.\n/)
    expect(text).toContain('What these logs cannot show')
  })

  it('adds that there was no WebSocket traffic when there was none', () => {
    const totals = { ...report().totals, handshakes: 0, events: {} }
    expect(show({ findings: [], totals })).toMatch(
      /^No problems found in what could be read, and no WebSocket traffic either\.\n/,
    )
  })

  it('makes no claim when nothing was read', () => {
    const [input] = report().inputs
    if (!input) throw new Error('the report has an input')
    expect(show({ findings: [], inputs: [{ ...input, parsed: 0, unparsed: 1234 }] })).toMatch(/^No line could be read/)
    expect(show({ findings: [], inputs: [{ ...input, lines: 0, parsed: 0 }] })).toMatch(
      /^Nothing to report: the input is empty/,
    )
  })

  it('does not call uncertain or harmless findings problems', () => {
    expect(one({ severity: 'info' })).toMatch(/^No clear problem/)
    expect(flat(one({ confidence: 0.4 }))).toContain('To tell: send the handshake to nginx itself')
  })
})

describe('what worked since', () => {
  const worked: NonNullable<Finding['worked']> = {
    since: '2026-11-21T07:00:00.000Z',
    handshakes: 4,
    by: 'place',
    dated: 'start',
    decides: true,
    told: '4 handshakes succeeded there since 2026-11-21T07:00:00Z',
  }

  it('stands apart from for and against, in the zone of the report', () => {
    const text = one({ worked }, { timezone: '+02:00' })
    expect(text).toMatch(/^ {3}Since {5}4 handshakes succeeded there since 2026-11-21 09:00:00$/m)
    expect(one({ because: [worked.told] }, { timezone: '+02:00' })).toContain('since 2026-11-21 09:00:00')
  })

  it('ends a problem, which keeps its old grade beside the new one', () => {
    const was = { title: 'nginx does not pass the upgrade on', severity: 'error' as const }
    const over = { since: worked.since, successes: 4, why: 'succeeded' as const, was }
    const text = one({ severity: 'info', over, worked })
    expect(text).toContain('info (was error), ')
    expect(text).toContain('   4 handshakes succeeded there since 2026-11-21 07:00:00.\n')
  })
})

it('keeps a directive that removes a blind spot on its line, and its remark a remark', () => {
  const change = `error_log /var/log/nginx/error.log info;   # ${'in the location of the socket '.repeat(4)}`
  const text = show({ blind_spots: [{ what: 'idle timeouts', why: 'no log', change }] })
  expect(text).toMatch(/^ {5}→ error_log \/var\/log\/nginx\/error\.log info;\n(?: {7}# .*\n)+\n/m)
})

describe('the change', () => {
  it('draws a block nginx knows, and names one described in words', () => {
    expect(one({})).toMatch(
      /^ +location \/ws \{\n +# replace the line if it is there already: proxy_http_version\n +\+ {5}proxy_http_version 1\.1;\n/m,
    )
    const fix = {
      ...finding().fix,
      directives: [{ context: 'location that serves /ws', text: 'proxy_read_timeout 300s;' }],
    }
    expect(one({ fix })).toMatch(
      /^ +# in the location that serves \/ws\n +# replace the line if it is there already: proxy_read_timeout\n +\+ proxy_read_timeout 300s;\n/m,
    )
  })

  it('prefers the patch, and names the file and line', () => {
    const patch =
      '--- nginx.conf\n+++ nginx.conf\n@@ -1,2 +1,3 @@\n location /ws {\n-\tproxy_http_version 1.0;\n+\tproxy_http_version 1.1;\n }\n'
    const text = one({ fix: { ...finding().fix, patch, target: { file: '/etc/nginx/nginx.conf', line: 42 } } })
    expect(text).toMatch(/^-\tproxy_http_version 1\.0;\n\+\tproxy_http_version 1\.1;\n/m)
    expect(text).toContain('in /etc/nginx/nginx.conf, line 42')
    expect(text).not.toContain('connection_upgrade')
  })

  it.each([
    ['a tab and a trailing blank', '\t  '],
    ['more than the width', ' '.repeat(60)],
  ])('prints the patch so that a copy of it applies: %s', (_, indent) => {
    const long = `${indent}proxy_set_header X-Long "${'x'.repeat(90)}"; \n`
    const before = `http {\n\n${long}${indent}listen 80;\n\n}\n`
    const after = `http {\n\n${long}${indent}proxy_http_version 1.1;\n${indent}listen 80;\n\n}\n`
    const at = before.indexOf(`${indent}listen`)
    const patch = unifiedDiff('site.conf', before, [{ start: at, end: at, text: `${indent}proxy_http_version 1.1;\n` }])
    const rows = one({ fix: { ...finding().fix, patch } }).split('\n')
    const start = rows.findIndex((row) => row.startsWith('--- '))
    const end = rows.findIndex((row, i) => i > start && row.startsWith('   Check'))
    const dir = mkdtempSync(join(tmpdir(), 'halfopen-patch-'))
    try {
      writeFileSync(join(dir, 'site.conf'), before)
      writeFileSync(join(dir, 'copied'), `${rows.slice(start, end - 1).join('\n')}\n`)
      execFileSync('git', ['apply', '-p0', 'copied'], {
        cwd: dir,
        env: { ...process.env, GIT_CEILING_DIRECTORIES: dir },
      })
      expect(readFileSync(join(dir, 'site.conf'), 'utf8')).toBe(after)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('never breaks a line of configuration, or a word of a command', () => {
    const long = `proxy_set_header X-Long "${'long '.repeat(30)}";`
    const url = `https://app.example/${'x'.repeat(120)}`
    const base = finding().fix
    for (const fix of [
      { ...base, directives: [{ context: 'location /ws', text: long }], verify: [`curl -sS '${url}'`] },
      { ...base, directives: [], snippet: `${long}\n`, verify: [`curl -sS ${url}`] },
    ]) {
      const rows = one({ fix }).split('\n')
      expect(rows.filter((row) => row.includes(long)).length).toBe(1)
      expect(rows.filter((row) => row.includes(url)).length).toBe(1)
    }
  })

  it('breaks a long command so that it can be pasted as it stands', () => {
    const rows = one({}).split('\n')
    const start = rows.findIndex((row) => row.includes('$ curl'))
    const end = rows.findIndex((row, i) => i >= start && !row.endsWith('\\'))
    const pasted = rows.slice(start, end + 1).map((row) => row.trim().replace(/^\$ /, '').replace(/ \\$/, ''))
    expect(pasted.join(' ')).toBe(finding().fix.verify[1])
  })
})

describe('long evidence', () => {
  it('keeps the time and the part that decides', () => {
    const noise = 'x'.repeat(900)
    const text = `2026/11/21 06:13:34 [error] 5#5: *1 ${noise} upstream timed out (110: Connection timed out) while proxying upgraded connection`
    const shown = flat(one({ evidence: [{ source: 'error.log', line: 3, text }] }))
    expect(shown).toContain('2026/11/21 06:13:34')
    expect(shown).toContain('upstream timed out (110: Connection timed out)')
    expect(shown).not.toContain(noise)
  })

  const path = `/api/${'x'.repeat(300)}`
  it.each([
    [
      `203.0.113.9 - - [21/Nov/2026:06:13:35 +0000] "GET ${path} HTTP/1.1" 426 16 "https://app.example/${'y'.repeat(90)}" "Mozilla/5.0"`,
      ['21/Nov/2026', '"GET /api/x', ' 426 16'],
    ],
    [
      `time=2026-11-21T06:13:35+00:00 vhost="app.example" req="GET ${path} HTTP/1.1" status=400 rt=0.002 urt="0.002" ustatus="400" uaddr="10.0.0.1:80" h_upgrade="websocket" h_connection="Upgrade" ua="Mozilla/5.0"`,
      ['2026-11-21T06:13:35', 'req="GET /api/x', 'status=400', 'ustatus="400"', 'h_upgrade="websocket"'],
    ],
    [
      `{"time":"2026-11-21T06:13:35+00:00","request":"GET ${path} HTTP/1.1","status":400,"upstream_status":"400","http_upgrade":"websocket"}`,
      ['"request":"GET', '"status":400', '"upstream_status":"400"', '"http_upgrade":"websocket"'],
    ],
    [
      `2026/11/21 06:13:34 [error] 5#5: *1 upstream prematurely closed connection while reading response header from upstream, client: 1.2.3.4, server: app.example, request: "GET ${path} HTTP/1.1", upstream: "http://10.0.0.1:80${path}"`,
      ['upstream prematurely closed connection', 'request: "GET /api/x', 'upstream: "http://10.0.0.1:80/'],
    ],
  ])('gives up the long request before the fields that decide: %#', (text, parts) => {
    const shown = flat(one({ evidence: [{ source: 'a.log', line: 3, text }] }))
    expect(parts.filter((part) => !shown.includes(part))).toEqual([])
    expect(shown).not.toContain(path)
  })
})

describe('whatever a log says', () => {
  /** Our own colour codes, and nothing else. */
  const SGR = /\x1b\[(?:1|2|22|31|32|33|36|39)m/g
  const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom(
        '\x1b[2J',
        '\x1b]0;x\x07',
        '\r',
        '\b',
        '\t',
        '\n',
        '\u202e',
        '\u200b',
        '\u2028',
        '\ud800',
        '\x9b31m',
        '漢',
        '👩‍👩‍👧',
        'é',
        'a',
        ' ',
        '"',
        "'",
        '\\',
        '{',
        '+',
      ),
      maxLength: 120,
    }),
  )
  const list = fc.array(nasty, { maxLength: 3 })
  const arbitrary = fc.record({
    text: nasty,
    items: list,
    path: nasty,
    patch: fc.option(nasty),
    snippet: fc.option(nasty),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    verbose: fc.boolean(),
    severity: fc.constantFrom('critical' as const, 'error' as const, 'info' as const),
    lines: fc.nat(),
  })

  it('never reaches the terminal as a control, and lines fit', () => {
    fc.assert(
      fc.property(arbitrary, fc.boolean(), (a, colour) => {
        const base = finding()
        const hostile = finding({
          title: a.text,
          because: a.items,
          against: a.items,
          cause: a.text,
          id: a.text,
          severity: a.severity,
          confidence: a.confidence,
          scope: { server: a.text, path: a.path, upstream: a.text, source: a.path },
          evidence: [{ source: a.path, line: a.lines, text: a.text }],
          alternatives: [{ cause: a.text, confidence: 0.1, check: a.text }],
          fix: {
            ...base.fix,
            summary: a.text,
            directives: a.items.map((text) => ({ context: a.text, text })),
            snippet: a.snippet,
            patch: a.patch,
            target: { file: a.path, line: 1 },
            prepare: a.items,
            verify: a.items,
            rollback: a.items,
          },
        })
        const text = show(
          {
            findings: [hostile, finding()],
            blind_spots: [{ what: a.text, why: a.text, change: a.text }],
            inputs: [
              {
                path: a.path,
                format: a.text,
                bytes: a.lines,
                lines: a.lines,
                parsed: 1,
                unparsed: 1,
                from: null,
                to: null,
                unparsed_samples: [{ line: 1, text: a.text, reason: a.text }],
              },
            ],
          },
          { colour, verbose: a.verbose },
        )
        const bare = colour ? text.replace(SGR, '') : text
        // What is there to be copied is whole, and a patch keeps its tabs.
        const patch = new Set(a.patch === null ? [] : patchRows(a.patch, plain))
        const { fix } = hostile
        const whole = new Set([
          ...changeRows({ ...fix, directives: [] }, plain),
          ...changeRows(fix, plain),
          ...a.items.flatMap((item) => commandRows(item, 65)),
        ])
        const unmarked = new Set([...whole].map((line) => line.trim()))
        for (const row of bare.split('\n')) {
          expect(patch.has(row) ? row.replaceAll('\t', '') : row).not.toMatch(UNSAFE)
          const copied =
            patch.has(row) ||
            unmarked.has(row.trim()) ||
            unmarked.has(row.trim().replace(/^(?:(?:Back up|Check|Undo) +)?\$ /, ''))
          if (!copied) expect(displayWidth(row)).toBeLessThanOrEqual(80)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is still shown, visibly', () => {
    expect(one({ evidence: [{ source: 'a.log', line: 1, text: 'evil \x1b[2J\u202e end' }] })).toContain(
      'evil \\u{1b}[2J\\u{202e} end',
    )
  })
})

describe('colour', () => {
  it('only adds codes: the words are the same', () => {
    expect(show({}, { colour: true }).replace(/\x1b\[\d+m/g, '')).toBe(show())
    expect(show({}, { colour: true })).not.toBe(show())
  })
})
