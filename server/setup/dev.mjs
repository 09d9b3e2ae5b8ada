/** `npm run dev`: the server from its TypeScript sources, restarted when they change, and the dashboard rebuilt into
 *  dist/web when its sources do. Arguments after `--` go to `halfopen serve`. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { prepare, ROOT } from './prepare.mjs'
import { reportFailure } from './run.mjs'

const node = (script, ...args) =>
  spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], { cwd: ROOT, stdio: 'inherit' })

try {
  await prepare()
  const web = ['--config', 'web/vite.config.ts', '--outDir', join(ROOT, 'dist/web'), '--emptyOutDir']
  const children = [
    node('vite/bin/vite.js', 'build', '--watch', ...web),
    node('tsx/dist/cli.mjs', 'watch', 'server/setup/dev-server.ts', ...process.argv.slice(2)),
  ]
  let stopping = false
  const stop = () => {
    // tsx takes a second signal as "now", and Ctrl-C reaches the children from the terminal as well.
    if (!stopping) for (const child of children) child.kill()
    stopping = true
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  // One without the other is no development server.
  for (const child of children) child.on('close', stop)
} catch (error) {
  reportFailure(error)
}
