/** Child of ingest.mjs: reads one log into a database as `serve` does, without the rest of it. Says after each commit, on
 *  standard output, when it was (ns of the clock that all processes share), how far it is, and how many lines it has. */
import { PARSERS } from '../../parsers/index.ts'
import { ingest } from '../../server/ingest.ts'
import { openSqliteStore, type Store } from '../../server/store/contract.ts'
import { followFile } from '../../server/tail/contract.ts'

const [, , database, path] = process.argv
const store = openSqliteStore(String(database))
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
const told = Object.create(store, {
  commit: {
    value(batch: Parameters<Store['commit']>[0]) {
      const result = store.commit(batch)
      const { generation, seq, summary } = batch.source
      say({ at: process.hrtime.bigint().toString(), generation, seq, lines: summary.lines })
      return result
    },
  },
}) as Store
ingest({
  store: told,
  path: String(path),
  open: (source) => followFile({ path: String(path), ...source }),
  parsers: PARSERS,
  shift: () => (wall) => wall,
  onCommitted() {},
})
process.on('SIGTERM', () => {
  store.close()
  process.exit()
})
say({ started: true })
