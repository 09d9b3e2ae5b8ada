/** Child of ingest.test.ts: reads a log into a database until it is killed; prints how many events it has stored. */
import { PARSERS } from '../../parsers/index.ts'
import { ingest } from '../../server/ingest.ts'
import { followFile } from '../../server/tail/contract.ts'
import { openSqliteStore } from '../../server/store/contract.ts'

const [, , database, path] = process.argv
const store = openSqliteStore(String(database))
let stored = 0
for (const o of store.evidence(-Infinity, Infinity).observations.values()) stored += o.count
const say = (): void => void process.stdout.write(`${stored}\n`)
say()
ingest({
  store,
  path: String(path),
  open: (source) => followFile({ path: String(path), ...source }),
  parsers: PARSERS,
  shift: () => (wall) => wall,
  onCommitted({ events }) {
    stored += events.length
    say()
  },
})
