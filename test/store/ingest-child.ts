/** Child of ingest.test.ts: reads a log into a database until it is killed; prints how many events it has stored. */
import { PARSERS } from '../../parsers/index.ts'
import { ingestFile } from '../../server/ingest.ts'
import { openSqliteStore } from '../../server/store/contract.ts'

const [, , database, path] = process.argv
const store = openSqliteStore(String(database))
let stored = 0
for (const o of store.evidence(-Infinity, Infinity).observations.values()) stored += o.count
const say = (): void => void process.stdout.write(`${stored}\n`)
say()
ingestFile({
  store,
  path: String(path),
  parsers: PARSERS,
  shift: () => (wall) => wall,
  onCommitted({ events }) {
    stored += events.length
    say()
  },
})
