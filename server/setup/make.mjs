/** `npm run build`: installs when dependencies are missing, and builds whether the build is stale or not. */
import { refusal } from './node-version.mjs'

const refused = refusal(process.version, process.execPath)
if (refused) {
  process.stderr.write(refused)
  process.exitCode = 2
} else {
  void Promise.all([import('./prepare.mjs'), import('./run.mjs')]).then(([{ prepare }, { reportFailure }]) =>
    prepare({ rebuild: true }).catch(reportFailure),
  )
}
