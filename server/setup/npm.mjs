/** Calling the npm that called us. */
import { basename } from 'node:path'
import { run } from './run.mjs'

/** Runs npm to its end and resolves with its exit code. npm_execpath is the npm in use, which may not be the one
 *  in PATH; pnpm and yarn set it too and cannot read our lock file, so theirs is passed over. */
export function npm(args, options) {
  const script = process.env.npm_execpath
  if (script && basename(script) === 'npm-cli.js') return run(process.execPath, [script, ...args], options)
  return run('npm', args, options)
}
