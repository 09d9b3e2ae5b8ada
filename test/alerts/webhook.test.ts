import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { webhook } from '../../server/alerts/channels/webhook.ts'
import { DeliveryError, messageBody, type ProblemRow } from '../../server/alerts/contract.ts'
import { noticeOf } from '../../server/alerts/message.ts'
import { Secret } from '../../server/alerts/secret.ts'
import type { Finding } from '../../server/diagnosis/contract.ts'
import { finding } from './finding.ts'
import { startReceiver, type WebhookReceiver } from './receiver.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const message = { id: 'msg_1', body: '{"type":"problem.opened"}', created_at: NOW }

let receiver: WebhookReceiver
beforeEach(async () => void (receiver = await startReceiver()))
afterEach(() => receiver.close())

const send = async (url = receiver.url, signal = new AbortController().signal): Promise<void> => {
  const options = { user_agent: 'halfopen/1.2.3', signal, now: Date.now(), allow_private: false }
  await webhook.deliver(noticeOf(message), { url: new Secret(url), secrets: [] }, options)
}
const refusal = async (url?: string): Promise<DeliveryError> => {
  const error: unknown = await send(url).catch((reason: unknown) => reason)
  if (error instanceof DeliveryError) return error
  throw new Error(`delivered or failed otherwise: ${String(error)}`)
}

describe('webhook', () => {
  it('posts the body as it is stored, with its id', async () => {
    await send()
    expect(receiver.received).toHaveLength(1)
    expect(receiver.received[0]).toMatchObject({
      body: message.body,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'halfopen/1.2.3',
        'webhook-id': 'msg_1',
      },
    })
    expect(receiver.received[0]?.headers['webhook-timestamp']).toMatch(/^\d{10}$/)
  })

  it('sends user and password of the URL as a header', async () => {
    await send(receiver.url.replace('//', '//me:p%40ss@'))
    expect(receiver.received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`)
  })

  it.each([
    [400, false],
    [404, false],
    [410, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ])('status %i: later attempts %s', async (status, retry) => {
    receiver.answer((response) => void response.writeHead(status).end('why'))
    expect(await refusal()).toMatchObject({ message: `answered ${status}`, retry })
  })

  it('does not follow redirects, and tries again: a proxy may answer so for a while', async () => {
    receiver.answer((response) => void response.writeHead(307, { location: receiver.url }).end())
    expect(await refusal()).toMatchObject({ message: 'redirected (307); use the final address', retry: true })
    expect(receiver.received).toHaveLength(1)
  })

  it('does not read an endless answer', async () => {
    let closed = false
    receiver.answer((response) => {
      response.writeHead(200)
      const more = (): void =>
        void (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more))
      response.on('close', () => (closed = true))
      more()
    })
    await send()
    await expect.poll(() => closed).toBe(true)
  })

  it('names a refused connection without the address', async () => {
    const probe = createServer()
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
    const { port } = probe.address() as AddressInfo
    await new Promise((resolve) => probe.close(resolve))
    const error = await refusal(`http://127.0.0.1:${port}/canary-secret`)
    expect(error).toMatchObject({ message: 'connection failed (ECONNREFUSED)', retry: true })
  })

  it('stops when told to', async () => {
    receiver.answer(() => undefined)
    const closing = new AbortController()
    const sent = send(receiver.url, closing.signal)
    await expect.poll(() => receiver.received.length).toBe(1)
    closing.abort()
    await expect(sent).rejects.toMatchObject({ message: 'interrupted', retry: true })
  })
})

describe('the body', () => {
  it('is a Standard Webhooks message with what a person needs', () => {
    const target = { file: '/etc/nginx/conf.d/app.conf', line: 12 }
    const fix = { ...finding().fix, snippet: 'proxy_read_timeout 300s;', target }
    const long = finding({ title: 'é'.repeat(400), fix })
    const row = {
      id: 'f1',
      state: 'new' as const,
      opened_at: NOW,
      changed_at: NOW,
      resolved_at: null,
      last_live: NOW,
      alerted: true,
      finding: long,
    }
    const decision = {
      notify: true as const,
      type: 'problem.opened' as const,
      reason: 'first-live-occurrence' as const,
    }
    const text = messageBody(decision, row, { now: NOW, dashboard: 'http://127.0.0.1:11006', tried: false })
    expect(JSON.parse(text)).toMatchObject({
      type: 'problem.opened',
      timestamp: '2026-11-21T12:00:00.000Z',
      data: {
        problem: {
          id: 'f1',
          state: 'new',
          reason: 'first-live-occurrence',
          resolution: null,
          cause: 'backend-down',
          severity: 'critical',
          confidence: 0.95,
          count: 3,
          title: `${'é'.repeat(299)}…`,
          scope: { server: 'sweet.example', path: '/ws', upstream: '127.0.0.1:3000' },
          evidence: { source: 'error.log', line: 17, text: 'connect() failed (111: Connection refused)' },
          fix: { summary: 'Start the backend.', target, snippet: 'proxy_read_timeout 300s;' },
          url: 'http://127.0.0.1:11006/#/problems/f1',
        },
      },
    })
    expect(Buffer.byteLength(text)).toBeLessThan(20_000)
  })
  const over = (why: 'succeeded' | 'config-changed', successes: number): Finding['over'] => ({
    since: '2026-11-21T12:00:00.000Z',
    successes,
    why,
  })
  it.each([
    ['succeeded-since', over('succeeded', 12), true, 'resolved: 12 handshakes succeeded since'],
    ['succeeded-since', over('succeeded', 1), true, 'resolved: 1 handshake succeeded since'],
    ['quiet', undefined, false, 'quiet: nobody has tried since'],
    ['quiet', undefined, true, 'quiet: not seen again since'],
    [
      'quiet',
      over('config-changed', 0),
      false,
      'quiet: nobody has tried since; the nginx configuration was changed after the last failure',
    ],
  ] as const)('says how it ended: %s %o %s', (reason, ended, tried, resolution) => {
    const row: ProblemRow = {
      id: 'f1',
      state: 'resolved',
      opened_at: NOW,
      changed_at: NOW,
      resolved_at: NOW,
      last_live: NOW,
      alerted: false,
      finding: finding(ended === undefined ? {} : { over: ended }),
    }
    const text = messageBody({ notify: true, type: 'problem.resolved', reason }, row, {
      now: NOW,
      dashboard: 'http://127.0.0.1:11006',
      tried,
    })
    expect(JSON.parse(text)).toMatchObject({ data: { problem: { reason, resolution } } })
  })
})
