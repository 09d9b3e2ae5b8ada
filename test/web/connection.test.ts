import { expect, it } from 'vitest'
import { retryAfter, step, type Connection, type Happened } from '../../web/connection.ts'

const after = (...happened: Happened[]): Connection => happened.reduce(step, { state: 'connecting', failures: 0 })

it.each<[Happened[], Connection['state']]>([
  [['answered'], 'connecting'],
  [['hello'], 'live'],
  [['hello', 'stream-failed'], 'reconnecting'],
  [['hello', 'stream-failed', 'hello'], 'live'],
  [['stream-failed', 'answered', 'stream-failed', 'stream-failed'], 'polling'],
  [['stream-failed', 'stream-failed', 'hello', 'stream-failed'], 'reconnecting'],
  [['stream-failed', 'stream-failed', 'stream-failed', 'answered'], 'polling'],
  [['stream-failed', 'unreachable'], 'offline'],
  // A server that is down breaks streams too; that must not be blamed on a proxy once it is back.
  [['unreachable', 'stream-failed', 'stream-failed', 'stream-failed', 'answered'], 'connecting'],
  [['unreachable', 'answered', 'hello'], 'live'],
])('%j → %s', (happened, state) => {
  expect(after(...happened).state).toBe(state)
})

it('tries again at once after one failure, and rarely once it asks by itself', () => {
  expect([1, 2, 3, 9].map(retryAfter)).toEqual([1000, 2000, 30_000, 30_000])
})
