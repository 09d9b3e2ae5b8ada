/** The message behind "Test". */
import { randomBytes } from 'node:crypto'
import { bodyText, type Notice } from './message.ts'

export function testNotice(now: number): Notice {
  const text = bodyText('test', now, { text: 'halfopen can reach you. Alerts will look like this.' })
  const id = `msg_${randomBytes(16).toString('hex')}`
  return { id, text, body: JSON.parse(text) as Notice['body'], created_at: now }
}
