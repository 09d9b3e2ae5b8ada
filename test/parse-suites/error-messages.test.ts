/** Every documented error log message, as nginx prints it with its context: text, errno, action and context come apart.
 *  The list is no part of the project; where it is absent the test is skipped. */
import fc from 'fast-check'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { nginxError } from '../../parsers/nginx/error.ts'
import type { ErrorRecord } from '../../parsers/record.ts'

const FILE = fileURLToPath(new URL('../../../shared/facts/nginx-error-messages.jsonl', import.meta.url))

interface Message {
  id: string
  template: string
  regex: string
  actions: string[]
  upstream_field: boolean | null
}

const HTTP = ', client: 192.0.2.7, server: app.test, request: "GET /ws?a=1 HTTP/1.1"'
const UPSTREAM = ', upstream: "http://127.0.0.1:3000/ws?a=1"'
const HOST = ', host: "app.test", referrer: "https://app.test/, client: 6.6.6.6, server: evil"'

/** The template with its placeholders filled in; null for templates that are only a hint at the text. */
function rendered({ template, actions }: Message): string | null {
  if (template.includes('...') && !template.includes('(111: ...)') && !template.includes('(104: ...)')) {
    if (!/^(?:SSL_|upstream sent invalid header)/.test(template)) return null
  }
  let text = template
    .split(' / ')[0]!
    .replace(/ \(also .*\)$/, '')
    .replace(/ \.\.\. bytes from.*$/, '')
    .replace(/, client: X.*$/, '')
    .replace('(SSL: error:...)', '(SSL: error:0A000126:SSL routines::unexpected eof while reading)')
    .replace('(111: ...)', '(111: Connection refused)')
    .replace('(104: ...)', '(104: Connection reset by peer)')
    .replace('(N: text)', '(13: Permission denied)')
    .replaceAll('%V', 'app.internal')
    .replace('%s', 'no host')
    .replace('while ...', 'while waiting for request')
    .replace('FILE:LINE', '/etc/nginx/sites-enabled/app.conf:8')
    .replace(/\/etc\/nginx\/\.\.\.:8/, '/etc/nginx/conf.d/app.conf:8')
    .replace('A.B.C.D', '192.0.2.7')
    .replace('resolver: A:53', 'resolver: 127.0.0.11:53')
    .replace(/\bN\b/g, '7')
  const [action] = actions
  if (action !== undefined && / /.test(action) && !text.includes(' while ') && !action.startsWith('('))
    text += ` while ${action}`
  return text
}

const wanted = (text: string): { errno: number | null; action: string | null } => {
  const action = / while ([A-Za-z][A-Za-z0-9/ -]*)(?:, resolver: \S+)?$/.exec(text)?.[1] ?? null
  const errno =
    /(?<!could not be resolved) \((\d+): [^()]*\)(?= while [A-Za-z /]+(?:, resolver: \S+)?$| in \S+:\d+$|$)/.exec(
      text,
    )?.[1]
  return { action, errno: errno === undefined ? null : Number(errno) }
}

function read(line: string): ErrorRecord {
  const parsed = nginxError.parse(line)
  if (!parsed.ok) throw new Error(`${parsed.reason}: ${line}`)
  return parsed.record
}

if (!existsSync(FILE)) {
  describe.skip(`error log messages (needs ../shared/facts)`, () => it('all of them', () => undefined))
} else {
  const messages = readFileSync(FILE, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Message)
  const usable = messages.map((message) => [message.id, message, rendered(message)] as const)

  it('most templates are whole texts', () => {
    expect(usable.filter(([, , text]) => text !== null).length).toBeGreaterThan(80)
  })

  it.each(messages.filter(({ regex }) => !regex.includes('client: ')).map((message) => [message.id, message] as const))(
    '%s, any text that fits it',
    (_id, { regex }) => {
      // Look-ahead only tells messages apart; what it forbids is not printed here.
      const source = regex.replaceAll('?P<', '?<').replace(/\(\?[!=](?:[^()]|\([^()]*\))*\)/g, '')
      const text = fc.stringMatching(new RegExp(`^(?:${source})$`)).filter((sample) => !sample.includes('client: '))
      fc.assert(
        fc.property(text, fc.constantFrom('', HTTP, HTTP + HOST), (sample, context) => {
          const record = read(`2026/11/21 06:13:51 [error] 487#488: *1 ${sample}${context}`)
          if (record.extra.has('resolver')) return
          expect(record.text).toBe(sample)
          expect(record.client).toBe(context === '' ? null : '192.0.2.7')
        }),
        { numRuns: 50 },
      )
    },
  )

  it.each(usable.filter(([, , text]) => text !== null))('%s', (_id, message, text) => {
    const whole = text as string
    const { errno, action } = wanted(whole)
    const plain = whole.replace(/, resolver: \S+$/, '')
    const contexts = [
      '',
      HTTP,
      HTTP + HOST,
      HTTP + UPSTREAM + HOST,
      ', client: 192.0.2.7, server: 0.0.0.0:443',
      ', client: 192.0.2.7, server: 0.0.0.0:443, upstream: "127.0.0.1:3000", bytes from/to client:1/2, bytes from/to upstream:3/4',
    ]
    for (const context of contexts) {
      const isResolver = whole !== plain
      if (isResolver && context !== '') continue
      const line = `2026/11/21 06:13:51 [error] 487#488: *1 ${whole}${context}`
      const record = read(line)
      expect(record, line).toMatchObject({ pid: 487, tid: 488, connection: 1, text: plain, errno, action })
      // What the list matches messages by still matches.
      const source = message.regex.replaceAll('?P<', '?<')
      if (!isResolver && !source.includes('bytes from')) expect(record.text, line).toMatch(new RegExp(source))
      if (isResolver) expect(record.extra.get('resolver')).toBe('127.0.0.11:53')
      expect(record.client, line).toBe(context === '' ? null : '192.0.2.7')
      if (context.includes('request: '))
        expect(record).toMatchObject({ server: 'app.test', request: 'GET /ws?a=1 HTTP/1.1' })
      if (context.includes(HOST))
        expect(record).toMatchObject({ host: 'app.test', referrer: 'https://app.test/, client: 6.6.6.6, server: evil' })
      expect(record.upstream, line).toBe(
        context.includes(UPSTREAM)
          ? 'http://127.0.0.1:3000/ws?a=1'
          : context.includes('bytes')
            ? '127.0.0.1:3000'
            : null,
      )
      if (context.includes('bytes')) expect(record.extra.get('bytes_from_to_upstream')).toBe('3/4')
    }
    // The same text as `nginx -t` prints it.
    expect(read(`nginx: [emerg] ${plain}`)).toMatchObject({ time: null, level: 'emerg', text: plain, errno, action })
  })
}
