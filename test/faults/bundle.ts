/** The reader as one plain JavaScript file: hundreds of starts through a loader would take longer than the test. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

/** Writes it into `folder` and returns its path. */
export async function bundleReader(folder: string): Promise<string> {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const bundle = await rolldown({ input: join(root, 'test/faults/reader.ts'), platform: 'node', logLevel: 'silent' })
  const file = join(folder, 'reader.mjs')
  await bundle.write({ file, format: 'esm', codeSplitting: false })
  await bundle.close()
  // The SQLite driver is looked for from the file that asks for it.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return file
}
