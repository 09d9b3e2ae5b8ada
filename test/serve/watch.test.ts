/** What silence proves: nothing, while there are lines that nobody has read. */
import { expect, it } from 'vitest'
import type { Finding } from '../../server/diagnosis/contract.ts'
import { Watch } from '../../server/live-watch.ts'

const finding = { evidence: [{ source: 'error.log' }, { source: 'access.log' }] } as unknown as Finding

it('a log that is behind is not watched, and has been all along once it was read', () => {
  const watch = new Watch()
  watch.look([{ path: 'error.log', state: 'reading' }], 1000)
  expect([watch.since(finding), watch.isBehind, watch.held(finding)]).toEqual([null, true, null])
  watch.look([{ path: 'error.log', state: 'idle' }], 2000)
  expect([watch.since(finding), watch.isBehind]).toEqual([0, false])
})

it('another log that is behind concerns the finding only where success is judged', () => {
  const watch = new Watch()
  watch.look([{ path: 'other.log', state: 'reading' }], 1000)
  expect([watch.since(finding), watch.isBehind]).toEqual([0, true])
})

it('a log that was away is watched from when it is back and read', () => {
  const watch = new Watch()
  watch.look([{ path: 'error.log', state: 'missing' }], 1000)
  expect(watch.since(finding)).toBe(null)
  watch.look([{ path: 'error.log', state: 'reading' }], 2000)
  expect([watch.since(finding), watch.held(finding)]).toEqual([null, null])
  watch.look([{ path: 'error.log', state: 'idle' }], 3000)
  expect(watch.since(finding)).toBe(2000)
})
