/** A rule as the configuration makes it. */
import type { Rule } from '../../server/alerts/rules.ts'

export const rule = (more: Partial<Rule> = {}): Rule => ({
  name: 'default',
  kinds: [],
  causes: [],
  severity: 'warning',
  confidence: 0.5,
  host: null,
  path: null,
  upstream: null,
  rate: null,
  channels: null,
  send: true,
  cooldown: 0,
  remind_every: null,
  ...more,
})
