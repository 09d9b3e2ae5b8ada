/** Makes a checkout ready to run: dependencies installed, build up to date. Nothing is imported but Node.js itself. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, isBuilt } from './build.mjs'
import { install, isInstalled } from './install.mjs'
import { withLock } from './lock.mjs'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Installs and builds what is missing or stale in the checkout. When nothing is, it only reads, so that a checkout
 *  on a read-only mount starts too; the lock is taken for work alone, and everything is judged again under it. */
export async function prepare({ root = ROOT, rebuild = false } = {}) {
  if (!rebuild && isInstalled(root) && isBuilt(root)) return
  await withLock(join(root, '.halfopen', 'setup.lock'), async () => {
    if (!isInstalled(root)) await install(root)
    if (rebuild || !isBuilt(root)) await build(root)
  })
}
