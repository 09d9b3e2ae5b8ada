/** The API of alerts. Channels are set in halfopen.yaml alone: an API that took addresses could be used to call any. */
import { HalfopenError } from './errors.ts'
import { deliveriesQuery, MAX_REPORT, noQuery, previewQuery, rangeOf, readQuery, testQuery } from './query.ts'
import type { Route } from './routes.ts'

export const alertRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/alerts',
    summary: 'Receivers of alerts and how they are doing, without addresses and keys; and the rules, in their order.',
    query: noQuery,
    answer: 'Alerts',
    errors: ['bad-query'],
    handle({ dashboard, query }) {
      readQuery(noQuery, query)
      return dashboard.alerts()
    },
  },
  {
    method: 'post',
    path: '/alerts/test',
    summary: 'Sends a test message now, and says what became of it.',
    query: testQuery,
    answer: 'AlertTest',
    errors: ['bad-query', 'unknown-channel', 'cross-site'],
    async handle({ dashboard, query }) {
      const { channel } = readQuery(testQuery, query)
      const answer = await dashboard.testAlert(channel)
      if (answer === null) throw new HalfopenError('unknown-channel', 'There is no receiver with this name.')
      return answer
    },
  },
  {
    method: 'get',
    path: '/alerts/preview',
    summary: 'What the rules would have sent in the last days for the problems that are stored. Sends nothing.',
    query: previewQuery,
    answer: 'AlertPreview',
    errors: ['bad-query'],
    handle({ dashboard, query }) {
      const { days = '7' } = readQuery(previewQuery, query)
      return dashboard.previewAlerts(Number(days))
    },
  },
  {
    method: 'get',
    path: '/alerts/deliveries',
    summary: 'Messages and what became of them, the newest first, in pages.',
    query: deliveriesQuery,
    answer: 'AlertDeliveries',
    errors: ['bad-query', 'range-too-wide'],
    handle({ dashboard, query }) {
      const { cursor = null, limit = '50', state = null, channel = null, from, to } = readQuery(deliveriesQuery, query)
      const range = rangeOf(from, to, { from: -Infinity, to: Infinity }, MAX_REPORT)
      return dashboard.deliveries({ cursor, limit: Number(limit), state, channel, ...range })
    },
  },
  {
    method: 'post',
    path: '/alerts/deliveries/:id/replay',
    summary: 'Sends a message again, and those after it to the same receiver about the same problems.',
    query: noQuery,
    answer: 'AlertDeliveries',
    errors: ['unknown-delivery', 'cross-site'],
    handle({ dashboard, id }) {
      const again = dashboard.replay(id)
      if (again === null) throw new HalfopenError('unknown-delivery', 'There is no message with this id.')
      return again
    },
  },
]
