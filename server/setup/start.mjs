/** `npm start`: installs when dependencies are missing, builds when the build is stale, then serves in this process. */
import { refusal } from './node-version.mjs'

const refused = refusal(process.version, process.execPath)
if (refused) {
  process.stderr.write(refused)
  process.exitCode = 2
} else {
  // Imported late: an old Node must reach the refusal before it parses newer syntax.
  void import('./serve.mjs').then(({ serve }) => serve(process.argv.slice(2)))
}
