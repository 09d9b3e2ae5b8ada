/** Child of full-disk.test.ts: reads a log into a database until it is told to stop; prints what it has stored, and what
 *  stops it. */
import { PARSERS } from '../../parsers/index.ts'
import { ingest } from '../../server/ingest.ts'
import { storeNotices } from '../../server/store-notices.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { followFile } from '../../server/tail/contract.ts'

const [, , database, path] = process.argv
const store = openSqliteStore(String(database))
let stored = 0
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
const source = ingest({
  store,
  path: String(path),
  open: (options) => followFile({ path: String(path), ...options }),
  parsers: PARSERS,
  shift: () => (wall) => wall,
  onCommitted({ events }) {
    stored += events.length
    say({ stored, notices: storeNotices(store.state()) })
  },
  onStatus: (status) => say({ status, notices: storeNotices(store.state()) }),
})
process.stdin.once('data', () => {
  void source.close().then(() => {
    store.close()
    process.exit(0)
  })
})
