/** ntfy: JSON to the root of the server. A message over 4096 bytes would become an attachment.
 *  Source: https://docs.ntfy.sh/publish/#publish-as-json */
import { z } from 'zod'
import { cardOf, facts, headline } from '../card.ts'
import { bytes, fit } from '../fit.ts'
import { httpChannel } from '../http-channel.ts'
import { secretSetting } from '../secret.ts'
import { httpUrl } from './settings.ts'

const PRIORITY = { critical: 5, error: 4, warning: 3, info: 2 } as const
const TAGS = { firing: 'rotating_light', resolved: 'white_check_mark', info: 'information_source' } as const

export const ntfy = httpChannel({
  id: 'ntfy',
  description: 'ntfy.sh or your own ntfy',
  settings: z.strictObject({
    url: httpUrl.default('https://ntfy.sh'),
    // Who knows the topic can read and write it.
    topic: secretSetting,
    token: secretSetting.optional(),
  }),
  // 60 at once, then one in 5 s.
  spacing: 500,
  request(notice, { url, topic, token }, { now }) {
    const card = cardOf(notice, now)
    const lines = facts(card).map(([name, value]) => `${name}: ${value}`)
    if (card.snippet !== null) lines.push('', card.snippet)
    return {
      url,
      headers: token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` },
      body: JSON.stringify({
        topic: topic.reveal(),
        title: fit(headline(card), 250, { size: bytes }),
        message: fit(lines.join('\n'), 3800, { size: bytes }),
        priority: card.status === 'resolved' ? 2 : PRIORITY[card.severity],
        tags: [TAGS[card.status]],
        ...(card.url === null ? {} : { click: card.url, actions: [{ action: 'view', label: 'Open', url: card.url }] }),
      }),
    }
  },
})
