/** Discord webhook. Limits: title 256, description 4096, 25 fields of 256 and 1024, 6000 over all embeds. Empty field values are refused, and
 *  `allowed_mentions` keeps `@everyone` in a log line from calling everyone.
 *  Source: https://docs.discord.com/developers/resources/webhook */
import { z } from 'zod'
import { cardOf, facts, headline } from '../card.ts'
import { fit } from '../fit.ts'
import { httpChannel } from '../http-channel.ts'
import { secondsIn } from '../verdict.ts'
import { secretUrl } from './settings.ts'

const COLORS = { critical: 0xb00020, error: 0xe74c3c, warning: 0xf1c40f, info: 0x3498db } as const
const RESOLVED = 0x2ecc71

/** Markdown, and `@` and `<` of mentions, as plain text. */
const plain = (text: string, most: number): string =>
  fit(text, most, { escape: (c) => ('\\*_~`|>#[]()<@-'.includes(c) ? `\\${c}` : c) })

export const discord = httpChannel({
  id: 'discord',
  description: 'Discord webhook',
  settings: z.strictObject({
    url: secretUrl,
    thread_id: z
      .string()
      .regex(/^\d{1,25}$/)
      .optional(),
  }),
  spacing: 500,
  request(notice, { url, thread_id }, { now }) {
    const card = cardOf(notice, now)
    const address = new URL(url.reveal())
    // Without it a message that could not be saved is answered like one that was.
    address.searchParams.set('wait', 'true')
    if (thread_id !== undefined) address.searchParams.set('thread_id', thread_id)
    const embed = {
      title: fit(headline(card), 256),
      ...(card.url === null || card.url.length > 2000 ? {} : { url: card.url }),
      color: card.status === 'resolved' ? RESOLVED : COLORS[card.severity],
      timestamp: notice.body.timestamp,
      // At most 6 × 600 and the snippet: with the title below 6000.
      fields: facts(card).map(([name, value]) => ({ name, value: plain(value, 600) || '-', inline: false })),
      ...(card.snippet === null
        ? {}
        : { description: `\`\`\`\n${fit(card.snippet.replaceAll('`', "'"), 1500)}\n\`\`\`` }),
      footer: { text: 'halfopen' },
    }
    return {
      url: address.href,
      headers: {},
      body: JSON.stringify({ embeds: [embed], allowed_mentions: { parse: [] } }),
    }
  },
  judge({ status, text }, found) {
    if (found === null) return null
    // Discord blocks addresses that go on asking for webhooks that are gone.
    if (status === 404) return { ...found, retry: false, gone: true }
    const asked = status === 429 ? secondsIn(text, 'retry_after') : null
    return asked === null ? found : { ...found, retry_after: Math.max(asked, found.retry_after ?? 0) }
  },
})
