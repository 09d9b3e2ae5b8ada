/** PagerDuty Events API v2. `dedup_key` ties the end of an incident to its beginning, so every problem is an event of its own.
 *  Limits: summary 1024, dedup_key 255, 512,000 bytes in all.
 *  Source: https://developer.pagerduty.com/docs/send-alert-event */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { cardOf, headline } from '../card.ts'
import { fit } from '../fit.ts'
import { httpChannel } from '../http-channel.ts'
import { secretSetting } from '../secret.ts'
import { httpUrl } from './settings.ts'

export const pagerduty = httpChannel({
  id: 'pagerduty',
  description: 'PagerDuty Events v2 (`url` for the EU: https://events.eu.pagerduty.com)',
  settings: z.strictObject({
    routing_key: secretSetting,
    url: httpUrl.default('https://events.pagerduty.com'),
  }),
  groups: false,
  request(notice, { routing_key, url }, { now }) {
    const card = cardOf(notice, now)
    const resolved = card.status === 'resolved'
    const event = {
      routing_key: routing_key.reveal(),
      event_action: resolved ? 'resolve' : 'trigger',
      dedup_key: createHash('sha256').update(`halfopen ${card.key}`).digest('hex'),
    }
    const { since, cause, count, evidence, change, snippet, note, upstream } = card
    const details = { since, cause, count, evidence, change, snippet, note, upstream }
    const body = resolved
      ? event
      : {
          ...event,
          payload: {
            summary: fit(`${headline(card)}: ${card.place}`, 1024),
            source: fit(card.place, 255),
            severity: card.severity,
            timestamp: notice.body.timestamp,
            component: fit(upstream ?? 'nginx', 255),
            group: 'websocket',
            class: cause ?? notice.body.type,
            custom_details: details,
          },
          ...(card.url === null ? {} : { links: [{ href: card.url, text: 'Open in halfopen' }], client_url: card.url }),
          client: 'halfopen',
        }
    return { url: `${url.replace(/\/+$/, '')}/v2/enqueue`, headers: {}, body: JSON.stringify(body) }
  },
})
