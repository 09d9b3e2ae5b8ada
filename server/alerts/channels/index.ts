/** The registry of receivers. */
import type { Channel } from '../contract.ts'
import { webhook } from './webhook.ts'

export const CHANNELS: readonly Channel[] = [webhook]
