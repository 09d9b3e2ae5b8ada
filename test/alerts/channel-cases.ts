/** For each channel: settings as in halfopen.yaml, and what its documentation allows a request to be. */
import { expect } from 'vitest'
import type { Outgoing } from '../../server/alerts/contract.ts'

type Json = Record<string, never>

export interface ChannelCase {
  settings: Record<string, unknown>
  /** Throws when the request is not what the receiver documents. Sizes in UTF-16 units unless it says bytes. */
  check(request: Outgoing, body: Json): void
}

const size = (text: unknown): number => {
  if (typeof text !== 'string') throw new Error(`no text: ${JSON.stringify(text)}`)
  return text.length
}
const bytes = (text: string): number => Buffer.byteLength(text)
const url = 'https://hooks.example/canary-secret'

interface Block {
  type: string
  text?: { type: string; text: string }
  elements?: { text: { text: string }; url: string }[]
}
interface Slack {
  text: string
  attachments: { color: string; blocks: Block[] }[]
}
interface Discord {
  content?: string
  embeds: {
    title: string
    description?: string
    url?: string
    fields: { name: string; value: string }[]
    footer: { text: string }
  }[]
  allowed_mentions: unknown
}
interface Pager {
  routing_key: string
  event_action: string
  dedup_key: string
  payload?: { summary: string; source: string; severity: string; component: string }
}
interface Alertmanager {
  version: string
  status: string
  alerts: { status: string; labels: Record<string, unknown>; annotations: Record<string, unknown>; endsAt: string }[]
}

export const CASES: Readonly<Record<string, ChannelCase>> = {
  webhook: {
    settings: { url, secrets: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
    check({ headers, body }) {
      expect(bytes(body)).toBeLessThan(20_000)
      expect(headers['webhook-id']).toMatch(/^[\w-]+$/)
      expect(headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}=$/)
    },
  },
  slack: {
    settings: { url },
    check(_request, body: unknown) {
      const { text, attachments } = body as Slack
      expect(size(text)).toBeLessThanOrEqual(40_000)
      const blocks = attachments.flatMap((one) => one.blocks)
      expect(blocks.length).toBeLessThanOrEqual(50)
      let sum = 0
      for (const { type, text: inner, elements } of blocks) {
        if (inner) {
          sum += size(inner.text)
          expect(inner.text.length).toBeGreaterThan(0)
          expect(size(inner.text)).toBeLessThanOrEqual(type === 'header' ? 150 : 3000)
          // A bare `<` begins a mention or a link.
          if (inner.type === 'mrkdwn') expect(inner.text).not.toMatch(/<|&(?!amp;|lt;|gt;)/)
        }
        for (const button of elements ?? []) {
          expect(size(button.text.text)).toBeLessThanOrEqual(75)
          expect(size(button.url)).toBeLessThanOrEqual(3000)
        }
      }
      expect(text).not.toMatch(/</)
      expect(sum).toBeLessThan(13_000)
    },
  },
  discord: {
    settings: { url: 'https://discord.example/api/webhooks/1/canary-secret', thread_id: '42' },
    check({ url: address }, body: unknown) {
      const { content, embeds, allowed_mentions } = body as Discord
      expect(new URL(address).searchParams.get('wait')).toBe('true')
      expect(new URL(address).searchParams.get('thread_id')).toBe('42')
      expect(content).toBeUndefined()
      expect(allowed_mentions).toEqual({ parse: [] })
      expect(embeds.length).toBeLessThanOrEqual(10)
      let sum = 0
      for (const { title, description = '', fields, footer, url: link = '' } of embeds) {
        expect(size(title)).toBeLessThanOrEqual(256)
        expect(size(description)).toBeLessThanOrEqual(4096)
        expect(size(link)).toBeLessThanOrEqual(2048)
        expect(fields.length).toBeLessThanOrEqual(25)
        sum += size(title) + size(description) + size(footer.text)
        for (const { name, value } of fields) {
          expect(size(name)).toBeLessThanOrEqual(256)
          expect(value.trim()).not.toBe('')
          expect(size(value)).toBeLessThanOrEqual(1024)
          sum += size(name) + size(value)
        }
      }
      expect(sum).toBeLessThanOrEqual(6000)
    },
  },
  teams: {
    settings: { url: 'https://prod-1.logic.example/workflows/x?sig=canary-secret' },
    check({ body }, parsed: unknown) {
      // 28 KB by the documentation, 21 as measured by others.
      expect(bytes(body)).toBeLessThan(21_000)
      expect(parsed).toMatchObject({
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            content: { type: 'AdaptiveCard', version: '1.4', msteams: { width: 'Full' } },
          },
        ],
      })
    },
  },
  ntfy: {
    settings: { url: 'https://ntfy.example', topic: 'canary-topic', token: 'canary-secret' },
    check({ url: address, headers }, body: unknown) {
      const { topic, title, message, priority, markdown } = body as Record<string, unknown>
      expect(new URL(address).pathname).toBe('/')
      expect(headers['authorization']).toBe('Bearer canary-secret')
      expect(topic).toBe('canary-topic')
      expect(bytes(String(message))).toBeLessThanOrEqual(4096)
      expect(size(title)).toBeGreaterThan(0)
      expect(bytes(String(title))).toBeLessThanOrEqual(250)
      expect([1, 2, 3, 4, 5]).toContain(priority)
      expect(markdown).toBeUndefined()
    },
  },
  gotify: {
    settings: { url: 'https://gotify.example/sub/', token: 'canary-secret' },
    check({ url: address, headers }, body: unknown) {
      const { message, priority, extras } = body as Record<string, unknown>
      expect(address).toBe('https://gotify.example/sub/message')
      expect(headers['x-gotify-key']).toBe('canary-secret')
      expect(size(message)).toBeGreaterThan(0)
      expect(size(message)).toBeLessThanOrEqual(4000)
      expect(Number(priority)).toBeGreaterThanOrEqual(0)
      expect(Number(priority)).toBeLessThanOrEqual(10)
      expect(extras).toMatchObject({ 'client::display': { contentType: 'text/plain' } })
    },
  },
  telegram: {
    settings: { token: '123:canary-secret', chat_id: '-1001' },
    check({ url: address }, body: unknown) {
      const { text, parse_mode, chat_id } = body as Record<string, unknown>
      expect(address).toBe('https://api.telegram.org/bot123:canary-secret/sendMessage')
      expect([chat_id, parse_mode]).toEqual(['-1001', 'HTML'])
      // The limit is for the text without tags and entities; the written form is longer.
      expect(size(text)).toBeLessThanOrEqual(4096)
      wellFormed(String(text))
    },
  },
  pagerduty: {
    settings: { routing_key: 'canary0secret0canary0secret0canar' },
    check({ url: address, body }, parsed: unknown) {
      const { routing_key, event_action, dedup_key, payload } = parsed as Pager
      expect(address).toBe('https://events.pagerduty.com/v2/enqueue')
      expect(bytes(body)).toBeLessThanOrEqual(512_000)
      expect(routing_key).toBe('canary0secret0canary0secret0canar')
      expect(size(dedup_key)).toBeLessThanOrEqual(255)
      if (event_action === 'resolve') return
      expect(event_action).toBe('trigger')
      expect(size(payload?.summary)).toBeGreaterThan(0)
      expect(size(payload?.summary)).toBeLessThanOrEqual(1024)
      expect(size(payload?.source)).toBeGreaterThan(0)
      expect(['critical', 'error', 'warning', 'info']).toContain(payload?.severity)
    },
  },
  alertmanager: {
    settings: { url, authorization: 'Bearer canary-secret' },
    check({ headers, body }, parsed: unknown) {
      const { version, status, alerts } = parsed as Alertmanager
      expect(headers['authorization']).toBe('Bearer canary-secret')
      expect(version).toBe('4')
      expect(bytes(body)).toBeLessThan(100_000)
      expect(alerts.length).toBeGreaterThan(0)
      expect(status).toBe(alerts.some((one) => one.status === 'firing') ? 'firing' : 'resolved')
      for (const { labels, annotations, status: own, endsAt } of alerts) {
        for (const value of [...Object.values(labels), ...Object.values(annotations)])
          expect(typeof value).toBe('string')
        expect(endsAt === '0001-01-01T00:00:00Z').toBe(own === 'firing')
      }
    },
  },
  email: {
    settings: {
      host: 'mail.example',
      user: 'me',
      password: 'canary-secret',
      from: 'halfopen@example.org',
      to: 'ops@example.org',
    },
    check: () => undefined,
  },
}

/** Tags are closed in order, and `<` and `&` are nothing but tags and entities. */
function wellFormed(html: string): void {
  const open: string[] = []
  const rest = html.replace(/<(\/?)(b|code|pre|a)(?: href="[^"<>]*")?>/g, (_tag, slash: string, name: string) => {
    if (slash === '') open.push(name)
    else expect(open.pop()).toBe(name)
    return ''
  })
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/)
}
