/** Signatures of Standard Webhooks, checked by the package its authors publish. */
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { webhook } from '../../server/alerts/channels/webhook.ts'
import { noticeOf } from '../../server/alerts/message.ts'
import { keyOf, signatures } from '../../server/alerts/signature.ts'

const secret = (byte: number, length = 32): string => `whsec_${Buffer.alloc(length, byte).toString('base64')}`
const NOW = Math.floor(Date.now() / 1000) * 1000

describe('signatures', () => {
  it('are accepted by standardwebhooks, for the bytes that were sent and no others', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const notice = noticeOf({ id: 'msg_1', body: JSON.stringify({ type: 'test', text }), created_at: NOW })
        const settings = webhook.settings.parse({ url: 'https://a.example', secrets: secret(1) })
        const { headers, body } = webhook.request(notice, settings as never, { now: NOW, user_agent: 'x' })
        expect(() => new Webhook(secret(1)).verify(body, headers)).not.toThrow()
        expect(() => new Webhook(secret(1)).verify(`${body} `, headers)).toThrow()
        expect(() => new Webhook(secret(2)).verify(body, headers)).toThrow()
        expect(() => new Webhook(secret(1)).verify(body, { ...headers, 'webhook-id': 'msg_2' })).toThrow()
      }),
    )
  })

  it('of several secrets are accepted by who knows one of them', () => {
    const timestamp = NOW / 1000
    const signed = signatures([secret(1), secret(2)], 'msg_1', timestamp, '{}')
    expect(signed.split(' ')).toHaveLength(2)
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(timestamp), 'webhook-signature': signed }
    for (const known of [1, 2]) expect(() => new Webhook(secret(known)).verify('{}', headers)).not.toThrow()
    expect(() => new Webhook(secret(3)).verify('{}', headers)).toThrow()
  })

  it('need a secret of 24 to 64 bytes', () => {
    expect([23, 24, 64, 65].map((length) => keyOf(secret(1, length)) !== null)).toEqual([false, true, true, false])
    expect([keyOf('whsec_not base64!'), keyOf('password'), keyOf('')]).toEqual([null, null, null])
    expect(webhook.settings.safeParse({ url: 'https://a.example', secrets: 'hunter2' }).success).toBe(false)
  })
})
