import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openSqliteStore, type Store } from '../../server/store/contract.ts'
import { storeSuite } from './suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-store-'))
const files = new Map<Store, string>()
let n = 0

function open(file = join(folder, `${n++}.sqlite`)): Store {
  const store = openSqliteStore(file)
  files.set(store, file)
  return store
}

function reopen(store: Store): Store {
  const file = files.get(store)
  store.close()
  files.delete(store)
  return open(file)
}

storeSuite('SQLite', () => open(), reopen)

afterAll(() => {
  for (const store of files.keys()) store.close()
  rmSync(folder, { recursive: true })
})
