/** A program of the tests as one plain JavaScript file, as the package is: hundreds of starts through a loader would take
 *  longer than the test, and a loader's memory would be measured with it. */
import { copyFileSync, existsSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

/** Writes `entry` (from the root of the project) into `folder` and returns its path. */
export async function bundle(entry: string, folder: string): Promise<string> {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const build = await rolldown({ input: join(root, entry), platform: 'node', logLevel: 'silent' })
  const file = join(folder, `${basename(entry, '.ts')}.mjs`)
  await build.write({ file, format: 'esm', codeSplitting: false })
  await build.close()
  // The SQLite driver is looked for from the file that asks for it.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  // What reads most of a live log.
  const kernel = join(root, 'dist/server/scan/kernel.wasm')
  if (!existsSync(kernel)) throw new Error('not built: run "npm test" or "npm start" once')
  copyFileSync(kernel, join(folder, 'kernel.wasm'))
  return file
}
