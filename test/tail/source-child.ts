/** Child of kill.test.ts: reads a source into a database until it is killed. Prints `stored N` after every commit, and each
 *  status as JSON. */
import { PARSERS } from '../../parsers/index.ts'
import { ingest } from '../../server/ingest.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { kindOf } from '../../server/tail/kinds.ts'

const [, , database = '', path = ''] = process.argv
const kind = kindOf(path)
if (kind === null) throw new Error(`${path} is a file`)
const store = openSqliteStore(database)
let stored = 0
for (const o of store.evidence(-Infinity, Infinity).observations.values()) stored += o.count
const say = (text: string): void => void process.stdout.write(`${text}\n`)
say(`stored ${stored}`)
const source = ingest({
  store,
  path,
  open: (options) => kind.open(path, options),
  parsers: PARSERS,
  shift: () => (wall) => wall,
  onCommitted({ events }) {
    stored += events.length
    say(`stored ${stored}`)
  },
  onStatus: (status) => say(JSON.stringify(status)),
})
process.once('SIGTERM', () => {
  void source.close().then(() => {
    store.close()
    process.exit(0)
  })
})
// A server has more to do than to read.
setInterval(() => {}, 1000)
