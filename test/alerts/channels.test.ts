/** What goes out, for every channel: within what the receiver documents, whatever a log line holds. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHANNELS, type Channel, type Outgoing } from '../../server/alerts/contract.ts'
import { announce, type News } from '../../server/alerts/announce.ts'
import { mailOf } from '../../server/alerts/channels/email.ts'
import { bodyText, noticeOf, toldProblem, type Notice } from '../../server/alerts/message.ts'
import { testNotice } from '../../server/alerts/test-notice.ts'
import { CASES } from './channel-cases.ts'
import { row } from './decide-cases.ts'
import { finding } from './finding.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const sending = { now: NOW, user_agent: 'halfopen/1.2.3' }

type WithRequest = Channel & { request(notice: Notice, settings: unknown, at: typeof sending): Outgoing }
const requestOf = (channel: Channel): WithRequest['request'] | null =>
  'request' in channel ? (channel as WithRequest).request : null

/** What breaks things: markup of every receiver, mentions, quotes, controls, half pairs, wide and turning characters. */
const PIECES = [
  '@everyone', '@here', '<!channel>', '<@U1>', '```', '`', '*', '_', '~', '||', '[x](https://evil.example)', '](',
  '</code>', '<b>', '&amp;', '&', '<', '>', '"', "'", '\\', '\\"', '{{title}}', '{"a":1}', '\n', '\r\n', '\u0000',
  '\u0007', '\u001b[31m', '\u202e', '\u2028', '\ud800', '\udc00', '💥', '👩‍👩‍👧‍👦', 'é', '漢', 'x'.repeat(3000),
  '💥'.repeat(5000), '\u0001'.repeat(3000), '&'.repeat(20_000), '<'.repeat(3000), 'y'.repeat(100_000), '\\'.repeat(5000),
  '*'.repeat(4000), '',
] // prettier-ignore
const text = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 40 })), { maxLength: 6 })
  .map((parts) => parts.join(''))
const hostile = fc
  .record({
    title: text,
    server: fc.option(text),
    path: fc.option(text),
    upstream: fc.option(text),
    line: text,
    summary: text,
    snippet: fc.option(text),
    file: fc.option(text),
    severity: fc.constantFrom('critical', 'error', 'warning', 'info'),
    type: fc.constantFrom('problem.opened', 'problem.resolved', 'problem.reminder'),
  })
  .map(({ title, server, path, upstream, line, summary, snippet, file, severity, type }): News => {
    const found = finding({
      title,
      severity,
      scope: { server, path, upstream, source: null },
      evidence: [{ source: 'error.log', line: 1, text: line }],
      fix: { ...finding().fix, summary, snippet, target: file === null ? null : { file, line: 3 } },
    })
    return {
      decision: { notify: true, type, reason: type === 'problem.resolved' ? 'quiet' : 'came-back' },
      rule: 'default',
      kind: type === 'problem.resolved' ? 'resolved' : 'new',
      row: row('new', { finding: found }),
      around: { now: NOW, dashboard: 'https://halfopen.example', tried: true },
    }
  })

/** Through the store's form, as every message goes. */
function noticesOf(news: News[], channel: Channel, settings: unknown, group_from: number): Notice[] {
  const receivers = [{ name: 'x', channel, settings }]
  return announce(news, { receivers, rules: [], group_from, now: NOW }).map(noticeOf)
}

it('every channel has a case, and every case a channel', () => {
  expect(Object.keys(CASES)).toEqual(CHANNELS.map(({ id }) => id))
})

describe.each(CHANNELS)('$id', (channel) => {
  const { settings: written, check } = CASES[channel.id] ?? { settings: {}, check: () => undefined }
  const settings: unknown = channel.settings.parse(written)
  const request = requestOf(channel)
  const checked = (notice: Notice): void => {
    if (request === null) return
    const outgoing = request(notice, settings, sending)
    expect(outgoing.body).not.toMatch(/\\ud[89a-f]/i)
    check(outgoing, JSON.parse(outgoing.body) as never)
    // A second attempt is the same message.
    expect(request(notice, settings, sending)).toEqual(outgoing)
  }

  it('stays within its limits, one by one and in groups', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 14 }), fc.integer({ min: 2, max: 16 }), (news, from) => {
        for (const notice of noticesOf(news, channel, settings, from)) checked(notice)
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('sends a test message', () => checked(testNotice(NOW)))

  it('says what is wrong, where, since when, with proof, the change and a link', () => {
    const fix = { ...finding().fix, target: { file: '/etc/nginx/nginx.conf', line: 12 } }
    const news: News = {
      decision: { notify: true, type: 'problem.opened', reason: 'came-back' },
      rule: 'default',
      kind: 'new',
      row: row('new', { finding: finding({ fix }) }),
      around: { now: NOW, dashboard: 'https://halfopen.example', tried: true },
    }
    const [notice] = noticesOf([news], channel, settings, 5)
    if (notice === undefined) throw new Error('no message')
    const shown = request
      ? request(notice, settings, sending).body
      : JSON.stringify(mailOf(notice, { from: 'a@example.org', to: ['b@example.org'] }, NOW))
    // Escapes of markup are not what is looked for.
    const plain = shown.replaceAll(/\\\\|\\u200b|\u200B/gi, '')
    for (const part of [
      'does not accept',
      'sweet.example',
      '/ws',
      '3',
      '2026-11-21',
      'refused',
      'Start the backend',
      'nginx.conf',
      'https://halfopen.example/#/problems/f1',
    ])
      expect(plain).toContain(part)
  })

  it('keeps its secrets', () => {
    const shown = `${JSON.stringify(settings)} ${String(settings)} ${Object.values(settings as object).join(' ')}`
    expect(shown).not.toMatch(/canary0?-?secret/)
  })
})

it('a mail is plain text with a subject of one line, and an id that stays', () => {
  fc.assert(
    fc.property(hostile, (news) => {
      const [email] = CHANNELS.filter(({ id }) => id === 'email')
      const [notice] = email ? noticesOf([news], email, {}, 5) : []
      if (notice === undefined) throw new Error('no message')
      const mail = mailOf(notice, { from: 'halfopen@example.org', to: ['ops@example.org'] }, NOW)
      expect(mail.subject).not.toMatch(/[\r\n\u0000]/)
      expect(mail.subject.length).toBeLessThanOrEqual(200)
      expect(mail.text.length).toBeLessThan(10_000)
      expect(mail.messageId).toBe(`<${notice.id}@example.org>`)
    }),
    { numRuns: 60 },
  )
})

it('a message that waited says so, and its webhook body stays the same', () => {
  const decision = { notify: true, type: 'problem.opened', reason: 'came-back' } as const
  const around = { now: NOW, dashboard: '', tried: false }
  const body = bodyText('problem.opened', NOW, { problem: toldProblem(decision, row('new'), around) })
  const notice = noticeOf({ id: 'msg_1', body, created_at: NOW - 3 * 3_600_000 })
  for (const channel of CHANNELS) {
    const request = requestOf(channel)
    if (request === null) continue
    const { body: sent } = request(notice, channel.settings.parse(CASES[channel.id]?.settings), sending)
    if (channel.id === 'webhook') expect(sent).toBe(body)
    else expect(sent).toContain('delayed by 3 h')
  }
})
