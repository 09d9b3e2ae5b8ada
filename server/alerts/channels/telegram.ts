/** Telegram bot. 4096 characters, counted after entities are parsed; HTML, because MarkdownV2 refuses a whole message for
 *  one character that was not escaped. The token is part of the address.
 *  Source: https://core.telegram.org/bots/api#sendmessage */
import { z } from 'zod'
import { cardOf, facts, headline } from '../card.ts'
import { fit } from '../fit.ts'
import { httpChannel } from '../http-channel.ts'
import { secretSetting } from '../secret.ts'
import { secondsIn } from '../verdict.ts'
import { httpUrl } from './settings.ts'

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const html = (text: string, most: number): string => fit(text, most, { escape: (c) => ESCAPED[c] ?? c })
const MARK = { firing: '🔴', resolved: '🟢', info: '🔵' } as const

export const telegram = httpChannel({
  id: 'telegram',
  description: 'Telegram bot',
  settings: z.strictObject({
    token: secretSetting,
    chat_id: z.union([z.string().regex(/^(?:-?\d{1,20}|@\w{1,64})$/), z.int().transform(String)]),
    message_thread_id: z.int().positive().optional(),
    url: httpUrl.default('https://api.telegram.org'),
  }),
  // One a second in a chat, 20 a minute in a group.
  spacing: 3000,
  request(notice, { token, chat_id, message_thread_id, url }, { now }) {
    const card = cardOf(notice, now)
    const lines = [
      `${MARK[card.status]} <b>${html(headline(card), 300)}</b>`,
      ...facts(card).map(([name, value]) =>
        name === 'Evidence' ? `<code>${html(value, 600)}</code>` : `<b>${name}:</b> ${html(value, 450)}`,
      ),
      ...(card.snippet === null ? [] : [`<pre>${html(card.snippet, 900)}</pre>`]),
    ]
    if (card.url !== null && card.url.length <= 500) lines.push(`<a href="${html(card.url, 600)}">Open</a>`)
    return {
      url: `${url.replace(/\/+$/, '')}/bot${token.reveal()}/sendMessage`,
      headers: {},
      body: JSON.stringify({
        chat_id,
        text: lines.join('\n'),
        parse_mode: 'HTML',
        ...(message_thread_id === undefined ? {} : { message_thread_id }),
        disable_notification: card.status === 'resolved',
        link_preview_options: { is_disabled: true },
      }),
    }
  },
  judge({ status, text }, found) {
    if (found === null || status !== 429) return found
    const asked = secondsIn(text, 'parameters', 'retry_after')
    return asked === null ? found : { ...found, retry_after: Math.max(asked, found.retry_after ?? 0) }
  },
})
