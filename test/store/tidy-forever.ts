/** Child of check.test.ts: commits an hour at a time, sums up and deletes until it is killed; says so after the first. */
import { openSqliteStore } from '../../server/store/contract.ts'
import { batchOf, failure, request, session, T0 } from './material.ts'

const HOUR = 3_600_000
const store = openSqliteStore(String(process.argv[2]))
let at = store.positions()[0]?.seq ?? 0
for (let first = true; ; first = false) {
  const hour = T0 + Math.floor(at / 300) * HOUR
  const records = Array.from({ length: 300 }, (_, n) => {
    const time = hour + n * 10_000
    return n % 3 === 0 ? failure(n, time) : n % 3 === 1 ? session(n, time, n, 0.01) : request(n, time, 200)
  })
  store.commit(batchOf(records, at))
  at += 300
  for (let n = 0; n < 40; n++) store.tidy()
  for (let n = 0; n < 5; n++) store.expire(hour - 30 * HOUR)
  if (first) process.stdout.write('committed\n')
}
