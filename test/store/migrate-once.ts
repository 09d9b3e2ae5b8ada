/** Child of migration.test.ts: brings a database up to date; is killed meanwhile. */
import { openSqliteStore } from '../../server/store/contract.ts'

process.stdout.write('opening\n')
openSqliteStore(String(process.argv[2])).close()
