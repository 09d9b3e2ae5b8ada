/** What leaves the dashboard: redacted reports, and the numbers of charts. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Finding } from '../../server/http/wire.ts'
import { asCsv, asJson } from '../../web/data/export.ts'
import { maskText } from '../../parsers/masking.ts'
import { asHtml, asMarkdown } from '../../server/share/document.ts'
import { redactFindings, redactor } from '../../server/share/redact.ts'

it.each([
  ['client: 203.0.113.9, server: chat.corp.io', 'client: [address-1], server: host-1.example'],
  ['upstream: "http://127.0.0.1:9000/ws"', 'upstream: "http://127.0.0.1:9000/ws"'],
  ['upstream: "http://backend-7:9000/ws"', 'upstream: "http://host-1.example:9000/ws"'],
  ['from 2001:db8::17 at 06:13:35', 'from [address-1] at 06:13:35'],
  ['read /home/alice/access.log and nginx.conf', 'read /home/[user]/access.log and nginx.conf'],
  ['192.0.2.1 - bob [21/Nov/2026:06:13:35 +0000] "GET', '[address-1] - [user] [21/Nov/2026:06:13:35 +0000] "GET'],
  ['192.0.2.1 - - [21/Nov/2026:06:13:35 +0000] "GET', '[address-1] - - [21/Nov/2026:06:13:35 +0000] "GET'],
  ['GET /ws?room=42&token=[masked] HTTP/1.1', 'GET /ws?room=…&token=[masked] HTTP/1.1'],
  ['mail to ops@corp.io', 'mail to [mail]'],
  ['id 3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'id [id]'],
  ['nginx/1.29.7 on 2026-11-21', 'nginx/1.29.7 on 2026-11-21'],
])('%s', (text, redacted) => expect(redactor(maskText)(text)).toBe(redacted))

it('gives the same name the same word, wherever it stands', () => {
  const redact = redactor(maskText)
  expect(redact('server: chat.corp.io, host: "chat.corp.io"')).toBe('server: host-1.example, host: "host-1.example"')
  expect(redact('wss://chat.corp.io and other.corp.io')).toBe('wss://host-1.example and host-2.example')
})

it('ends, and leaves no address, whatever the text', () => {
  fc.assert(
    fc.property(fc.string(), fc.ipV4(), (text, address) => {
      if (/^(?:127\.|0\.0\.0\.0)/.test(address)) return
      expect(redactor(maskText)(`${text} ${address} `)).not.toContain(` ${address} `)
    }),
  )
})

it('finds names that stand alone, the longest first, and no parts of words', () => {
  const redact = redactor(maskText)
  redact('server: alpha, host: "alpha.beta", server: gamma.')
  expect(redact('alpha alpha.beta alphabet _alpha alpha-x x/alpha.beta (gamma). alpha_')).toBe(
    'host-1.example host-2.example alphabet _alpha alpha-x x/host-2.example (host-3.example). alpha_',
  )
})

it('names nobody where only names stand, however many there are', () => {
  const redact = redactor(maskText)
  const text = Array.from({ length: 300 }, (_, i) => `wss://inside${i}/ws of inside${i}.corp.io`).join('\n')
  const redacted = redact(text)
  expect(redacted).not.toMatch(/inside|corp/)
  expect(new Set(redacted.match(/host-\d+\.example/g)).size).toBe(600)
  expect(redact('inside299 and inside299.corp.io')).toBe('host-300.example and host-600.example')
  redact(Array.from({ length: 300 }, (_, i) => `wss://alike.inside${i}/ws wss://alike/`).join('\n'))
  expect(redact('alike wss://alike.inside299/')).toMatch(/^host-\d+\.example wss:\/\/host-\d+\.example\/$/)
})

it('knows a host name behind a long word of letters without a space', () => {
  expect(redactor(maskText)(`${'é'.repeat(100)}.corp.io`)).toBe('host-1.example')
  expect(redactor(maskText)(`${'x'.repeat(100)}.corp.io`)).toBe('host-1.example')
  expect(redactor(maskText)(`${'x'.repeat(100)}@corp.io`)).toMatch(/^x+\[mail\]$/)
})

const finding: Finding = {
  id: 'x',
  cause: 'backend-down',
  title: 'nginx cannot reach <img src=x> `the` backend',
  severity: 'error',
  confidence: 0.95,
  because: ['**refused** by [a](javascript:alert(1))'],
  against: [],
  count: 3,
  first_seen: '2026-11-21T06:13:35.000Z',
  last_seen: null,
  scope: { server: 'intranet', path: '/ws', upstream: '10.1.2.3:80', source: null },
  evidence: [
    { source: '/var/log/nginx/error.log', line: 4, text: '```\n</pre><script>alert(1)</script> intranet\u202E' },
  ],
  alternatives: [{ cause: 'dns-failure', confidence: 0.3, check: 'ask intranet' }],
  fix: {
    layer: 'nginx',
    summary: 'change it',
    directives: [{ context: 'location /ws', text: 'proxy_read_timeout 1h;' }],
    snippet: null,
    patch: null,
    target: null,
    prepare: [],
    verify: ['nginx -t'],
    rollback: [],
  },
}

it('is text in Markdown and in HTML, whatever a log says', () => {
  const redacted = redactFindings([finding], maskText)
  const markdown = asMarkdown(redacted)
  expect(markdown).toContain('## nginx cannot reach \\<img src=x\\>')
  expect(markdown).toContain('````\n# error.log:4\n```')
  expect(markdown).toContain('\\[a\\](javascript')
  const html = asHtml(redacted, 'note')
  expect(html).not.toMatch(/<script|<img/)
  expect(html).toContain("default-src 'none'")
  for (const text of [markdown, html]) {
    expect(text).not.toMatch(/intranet|10\.1\.2\.3|\u202E/)
    expect(text).toContain('proxy_read_timeout 1h;')
  }
})

it('writes numbers that a spreadsheet takes for numbers, and no text for a formula', () => {
  const table = {
    columns: ['From', 'a,"b"'],
    rows: [
      ['=1+1', 2],
      ['x', null],
    ],
  }
  expect(asCsv(table)).toBe(`From,"a,""b"""\r\n'=1+1,2\r\nx,\r\n`)
  expect(JSON.parse(asJson(table))).toEqual([
    { From: '=1+1', 'a,"b"': 2 },
    { From: 'x', 'a,"b"': null },
  ])
})
