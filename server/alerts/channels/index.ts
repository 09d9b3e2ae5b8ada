/** The registry of receivers. */
import type { Channel } from '../contract.ts'
import { alertmanager } from './alertmanager.ts'
import { discord } from './discord.ts'
import { email } from './email.ts'
import { gotify } from './gotify.ts'
import { ntfy } from './ntfy.ts'
import { pagerduty } from './pagerduty.ts'
import { slack } from './slack.ts'
import { teams } from './teams.ts'
import { telegram } from './telegram.ts'
import { webhook } from './webhook.ts'

export const CHANNELS: readonly Channel[] = [
  webhook,
  slack,
  discord,
  teams,
  ntfy,
  gotify,
  telegram,
  pagerduty,
  alertmanager,
  email,
]
