/** Gotify. The token goes into a header: as a query it would stand in access logs. Sent as plain text, so nothing in a log
 *  line is markup.
 *  Source: https://gotify.net/api-docs */
import { z } from 'zod'
import { cardOf, facts, headline } from '../card.ts'
import { fit } from '../fit.ts'
import { httpChannel } from '../http-channel.ts'
import { secretSetting } from '../secret.ts'
import { httpUrl } from './settings.ts'

const PRIORITY = { critical: 9, error: 7, warning: 5, info: 2 } as const

export const gotify = httpChannel({
  id: 'gotify',
  description: 'Gotify',
  settings: z.strictObject({ url: httpUrl, token: secretSetting }),
  request(notice, { url, token }, { now }) {
    const card = cardOf(notice, now)
    const lines = facts(card).map(([name, value]) => `${name}: ${value}`)
    if (card.snippet !== null) lines.push('', card.snippet)
    return {
      url: `${url.replace(/\/+$/, '')}/message`,
      headers: { 'x-gotify-key': token.reveal() },
      body: JSON.stringify({
        title: fit(headline(card), 250),
        message: fit(lines.join('\n'), 4000),
        priority: card.status === 'resolved' ? 2 : PRIORITY[card.severity],
        extras: {
          'client::display': { contentType: 'text/plain' },
          ...(card.url === null ? {} : { 'client::notification': { click: { url: card.url } } }),
        },
      }),
    }
  },
})
