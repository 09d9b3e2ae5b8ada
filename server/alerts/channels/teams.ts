/** Microsoft Teams, through a Workflow ("When a Teams webhook request is received"). An Adaptive Card 1.4; all of it has to
 *  stay below 28 KB, of which one library could use 21 only. 202 says that the flow was queued, not that the card is there.
 *  Source: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
import { z } from 'zod'
import { cardOf, facts, headline } from '../card.ts'
import { fit, jsonBytes } from '../fit.ts'
import { httpChannel } from '../http-channel.ts'
import { secretUrl } from './settings.ts'

const COLORS = { critical: 'Attention', error: 'Attention', warning: 'Warning', info: 'Accent' } as const

/** Text blocks know a little Markdown: links above all. */
const escape = (c: string): string => ('\\*_`[]()<>#'.includes(c) ? `\\${c}` : c)
const text = (value: string, most: number): string => fit(value, most, { escape, size: jsonBytes })

export const teams = httpChannel({
  id: 'teams',
  description: 'Microsoft Teams, by a Workflow',
  settings: z.strictObject({ url: secretUrl }),
  spacing: 250,
  request(notice, { url }, { now }) {
    const card = cardOf(notice, now)
    const color = card.status === 'resolved' ? 'Good' : COLORS[card.severity]
    const body: object[] = [
      { type: 'TextBlock', text: text(headline(card), 600), weight: 'Bolder', size: 'Medium', wrap: true, color },
      { type: 'FactSet', facts: facts(card).map(([title, value]) => ({ title, value: text(value, 1800) })) },
    ]
    if (card.snippet !== null)
      body.push({
        type: 'TextBlock',
        text: fit(card.snippet, 3000, { escape, size: jsonBytes }).replaceAll('\n', '\n\n'),
        fontType: 'Monospace',
        wrap: true,
      })
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      body,
      ...(card.url === null ? {} : { actions: [{ type: 'Action.OpenUrl', title: 'Open', url: card.url }] }),
      msteams: { width: 'Full' },
    }
    return {
      url: url.reveal(),
      headers: {},
      body: JSON.stringify({
        type: 'message',
        attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
      }),
    }
  },
})
