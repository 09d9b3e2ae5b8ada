/** Child of tests: commits batches of 200 records until it is killed; says so after the first. Its second argument is a
 *  rest between two of them, ms. */
import { setTimeout as rest } from 'node:timers/promises'
import { openSqliteStore } from '../../server/store/contract.ts'
import { batchOf, failure, request, T0 } from './material.ts'

const store = openSqliteStore(String(process.argv[2]))
const ms = Number(process.argv[3] ?? 0)
let at = store.positions()[0]?.seq ?? 0
for (let first = true; ; first = false) {
  const records = Array.from({ length: 200 }, (_, n) =>
    n % 2 ? failure(at + n, T0 + at + n) : request(at + n, T0 + at + n, 200),
  )
  store.commit(batchOf(records, at))
  at += 200
  if (ms > 0) await rest(ms)
  if (first) process.stdout.write('committed\n')
}
