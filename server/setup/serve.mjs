/** Second half of start.mjs, for a Node.js that can run it. */
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { prepare, ROOT } from './prepare.mjs'
import { reportFailure } from './run.mjs'

/** Prepares the checkout and runs `halfopen serve` here, so that a signal sent to `npm start` reaches the server. */
export async function serve(args) {
  try {
    await prepare()
  } catch (error) {
    reportFailure(error)
    return
  }
  // npm runs scripts in the package folder; the user's relative paths mean the folder npm was called from.
  if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
  const { main } = await import(pathToFileURL(join(ROOT, 'dist/server/cli/main.cjs')).href)
  process.exitCode = await main(['serve', ...args])
}
