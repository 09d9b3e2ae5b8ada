/** Child of kill.test.ts: commits batches of 200 records until it is killed; says so after the first. */
import { openSqliteStore } from '../../server/store/contract.ts'
import { batchOf, failure, request, T0 } from './material.ts'

const store = openSqliteStore(String(process.argv[2]))
let at = store.positions()[0]?.seq ?? 0
for (let first = true; ; first = false) {
  const records = Array.from({ length: 200 }, (_, n) =>
    n % 2 ? failure(at + n, T0 + at + n) : request(at + n, T0 + at + n, 200),
  )
  store.commit(batchOf(records, at))
  at += 200
  if (first) process.stdout.write('committed\n')
}
