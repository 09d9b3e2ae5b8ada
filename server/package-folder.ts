/** The folder of our package.json: the tree has the same shape before and after the build, one level apart. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Null when the files were moved out of their package. */
export function packageFolder(): string | null {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    try {
      const { name } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as { name?: unknown }
      if (name === 'halfopen') return at
    } catch {
      // Not here.
    }
    if (dirname(at) === at) return null
  }
}
