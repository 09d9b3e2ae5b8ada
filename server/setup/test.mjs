/** `npm test`: installs and builds like start.mjs, gets the programs the tests start, then runs every test. */
import { refusal } from './node-version.mjs'

const refused = refusal(process.version, process.execPath)
if (refused) {
  process.stderr.write(refused)
  process.exitCode = 2
} else {
  void import('./run-tests.mjs').then(({ runTests }) => runTests(process.argv.slice(2)))
}
