/** The webhook of Alertmanager, version 4, which many tools take. A firing alert has the zero time of Go as its end.
 *  Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { cardsOf, headline, type Card } from '../card.ts'
import { httpChannel } from '../http-channel.ts'
import { secretSetting } from '../secret.ts'
import { secretUrl } from './settings.ts'

const NEVER = '0001-01-01T00:00:00Z'
type Texts = Record<string, string>
const present = (all: Record<string, string | null>): Texts =>
  Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null))

export const alertmanager = httpChannel({
  id: 'alertmanager',
  description: 'what takes the webhook of Alertmanager (version 4)',
  settings: z.strictObject({ url: secretUrl, authorization: secretSetting.optional() }),
  request(notice, { url, authorization }, { now }) {
    const alerts = cardsOf(notice, now).map((card) => alertOf(card, notice.body.timestamp))
    const firing = alerts.some(({ status }) => status === 'firing')
    const common = (of: 'labels' | 'annotations'): Texts => {
      const [first, ...rest] = alerts.map((alert) => alert[of])
      return Object.fromEntries(
        Object.entries(first ?? {}).filter(([name, value]) => rest.every((other) => other[name] === value)),
      )
    }
    const [first] = alerts
    return {
      url: url.reveal(),
      headers: authorization === undefined ? {} : { authorization: authorization.reveal() },
      body: JSON.stringify({
        version: '4',
        groupKey: `{}:{id="${notice.id}"}`,
        truncatedAlerts: notice.body.data.more ?? 0,
        status: firing ? 'firing' : 'resolved',
        receiver: 'halfopen',
        groupLabels: {},
        commonLabels: common('labels'),
        commonAnnotations: common('annotations'),
        externalURL: (first?.generatorURL ?? '').replace(/\/#\/.*$/s, ''),
        alerts,
      }),
    }
  },
})

function alertOf(card: Card, timestamp: string) {
  const { severity, place, upstream, cause, count, evidence, change, snippet, note, url, since } = card
  const labels = present({ alertname: cause ?? 'halfopen', severity, place, upstream })
  return {
    status: card.status === 'resolved' ? 'resolved' : 'firing',
    labels,
    annotations: present({
      summary: headline(card),
      count: count === null ? null : String(count),
      evidence,
      change,
      snippet,
      note,
    }),
    startsAt: since ?? timestamp,
    endsAt: card.status === 'resolved' ? timestamp : NEVER,
    generatorURL: url ?? '',
    // By what stays the same from the beginning to the end.
    fingerprint: createHash('sha256').update(card.key).digest('hex').slice(0, 16),
  }
}
