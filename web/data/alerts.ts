/** Answers of the alerts API, as far as the page shows them. Every member may be missing: the page is older than the API. */

export interface AlertChannel {
  name: string
  type: string
  state?: 'ready' | 'waiting' | 'gone'
  reason?: string | null
  next_attempt_at?: string | null
  last_delivered_at?: string | null
}

export interface AlertRule {
  name: string
  causes?: string[]
  severity?: string
  channels?: string[] | null
  send?: boolean
}

export interface Alerts {
  channels: AlertChannel[]
  rules?: AlertRule[]
  waiting?: number
  dead?: number
}

/** POST alerts/test?channel=NAME */
export interface AlertTest {
  delivered: boolean
  status?: number | null
  reason?: string | null
  took_ms?: number
}

export interface AlertDelivery {
  id: string
  channel: string
  type: string
  title?: string
  state: string
  attempts: number
  created_at: string
  error?: string | null
}

export interface AlertDeliveries {
  deliveries: AlertDelivery[]
  next_cursor: string | null
}
