/** Slack incoming webhook. Limits from Slack's own SDK: header 150, section 3000, 10 fields of 2000, button URL 3000; a sum of
 *  blocks near 13,000 characters was refused, and these stay below 6,000.
 *  Source: https://docs.slack.dev/reference/block-kit/blocks */
import { z } from 'zod'
import { cardOf, facts, headline } from '../card.ts'
import { fit } from '../fit.ts'
import { httpChannel } from '../http-channel.ts'
import { secretUrl } from './settings.ts'

const COLORS = { critical: '#b00020', error: '#e01e5a', warning: '#ecb22e', info: '#1d9bd1' } as const
const RESOLVED = '#2eb67d'

/** `<!channel>` and `<@U1>` are markup only with a bare `<`; these three are all that Slack asks to escape. */
const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const escape = (character: string): string => ESCAPED[character] ?? character
/** A zero width space keeps `*`, `_`, `~` and backticks from pairing up. */
const mrkdwn = (text: string, most: number): string =>
  fit(text, most, { escape: (c) => ('*_~`'.includes(c) ? `\u200B${c}\u200B` : escape(c)) })

export const slack = httpChannel({
  id: 'slack',
  description: 'Slack incoming webhook (Mattermost and Rocket.Chat take it too)',
  settings: z.strictObject({ url: secretUrl }),
  // One message a second for a channel.
  spacing: 1000,
  request(notice, { url }, { now }) {
    const card = cardOf(notice, now)
    const fields = facts(card).map(([name, value]) => ({ type: 'mrkdwn', text: `*${name}*\n${mrkdwn(value, 900)}` }))
    const blocks: object[] = [
      { type: 'header', text: { type: 'plain_text', text: fit(headline(card), 150), emoji: false } },
      ...fields.map((text) => ({ type: 'section', text })),
    ]
    if (card.snippet !== null)
      blocks.push({
        type: 'section',
        // What ends a code block early has to go; nothing else means anything inside.
        text: { type: 'mrkdwn', text: `\`\`\`${fit(card.snippet.replaceAll('`', "'"), 1500, { escape })}\`\`\`` },
      })
    if (card.url !== null && card.url.length <= 3000)
      blocks.push({
        type: 'actions',
        elements: [{ type: 'button', text: { type: 'plain_text', text: 'Open' }, url: card.url }],
      })
    const color = card.status === 'resolved' ? RESOLVED : COLORS[card.severity]
    return {
      url: url.reveal(),
      headers: {},
      // The text is what notifications show.
      body: JSON.stringify({
        text: `${fit(headline(card), 300, { escape })}: ${fit(card.place, 300, { escape })}`,
        attachments: [{ color, blocks }],
      }),
    }
  },
  // 404 no_service, 410 channel_is_archived; the bodies are short words.
  judge: ({ status, text }, found) =>
    found !== null && (status === 404 || text.trim() === 'no_service') ? { ...found, retry: false, gone: true } : found,
})
