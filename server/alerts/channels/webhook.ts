/** Any HTTP endpoint that takes JSON, as in Standard Webhooks: `webhook-id` stays the same over retries, so a receiver can
 *  drop what it already has, and with a secret the body is signed. */
import { z } from 'zod'
import { cardOf } from '../card.ts'
import { httpChannel } from '../http-channel.ts'
import { secretSetting } from '../secret.ts'
import { keyOf, signatures } from '../signature.ts'
import { render, unknownPlaceholder, type Json } from '../template.ts'
import { secretUrl } from './settings.ts'

const signing = secretSetting.refine((value) => keyOf(value.reveal()) !== null, {
  error: 'not a secret of Standard Webhooks (whsec_ and 24 to 64 bytes in base64)',
})
const template = z.json().superRefine((value, context) => {
  const unknown = unknownPlaceholder(value)
  if (unknown !== null) context.addIssue({ code: 'custom', message: `no placeholder {{${unknown.slice(0, 40)}}}` })
})

export const webhook = httpChannel({
  id: 'webhook',
  description: 'any HTTP endpoint; JSON signed as in Standard Webhooks, or a JSON `template` of your own',
  settings: z.strictObject({
    url: secretUrl,
    /** One for each of several signatures: the new one first, while receivers move to it. */
    secrets: z.preprocess(
      (value) => (value === undefined || Array.isArray(value) ? value : [value]),
      z.array(signing).max(4).default([]),
    ),
    template: template.optional(),
    authorization: secretSetting.optional(),
  }),
  request(notice, { url, secrets, template: own, authorization }, { now }) {
    const card = own === undefined ? null : cardOf(notice, now)
    const body = card === null ? notice.text : JSON.stringify(render(own as Json, card, notice.id, notice.body.type))
    const timestamp = Math.floor(now / 1000)
    const signed = signatures(
      secrets.map((secret) => secret.reveal()),
      notice.id,
      timestamp,
      body,
    )
    return {
      url: url.reveal(),
      headers: {
        'webhook-id': notice.id,
        'webhook-timestamp': String(timestamp),
        ...(signed === '' ? {} : { 'webhook-signature': signed }),
        ...(authorization === undefined ? {} : { authorization: authorization.reveal() }),
      },
      body,
    }
  },
})
