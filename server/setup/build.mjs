/** The build: dist/server by Rolldown with V8's code cache, dist/web by Vite, and whether it is as new as its sources.
 *  Types are checked by `npm run check`. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, say, SetupError } from './run.mjs'

const SOURCES = ['parsers', 'server', 'web', 'tsconfig.json', 'package.json', 'package-lock.json']
/** Changing these changes nothing in dist. */
const NOT_BUILT = new Set(['node_modules', 'server/packaging', 'web/docs'])
const STAMP = '.halfopen-stamp'

/** The kernel of the scan: WebAssembly with SIMD, and the memory of its layout.ts in pages of 64 KiB. */
const KERNEL =
  'server/scan/kernel/index.ts -O3 --runtime stub --noAssert --enable simd --use abort= --initialMemory 456 --maximumMemory 456'.split(
    ' ',
  )

/** True when dist was made from the sources as they are now. */
export function isBuilt(root) {
  try {
    return readFileSync(join(root, 'dist', STAMP), 'utf8') === sourceHash(root)
  } catch {
    return false
  }
}

/** Builds beside dist and swaps the folders at the end: a failed build leaves the last good one in place, and a
 *  server that runs from dist sees its files missing for no longer than two renames. */
export async function build(root) {
  say('building')
  const hash = sourceHash(root)
  const next = join(root, '.halfopen', 'dist')
  const last = join(root, '.halfopen', 'dist-last')
  rmSync(next, { recursive: true, force: true })
  mkdirSync(next, { recursive: true })
  const node = (script, args, stdio) => run(process.execPath, [join(root, script), ...args], { cwd: root, stdio })
  const web = ['build', '--config', 'web/vite.config.ts', '--outDir', join(next, 'web'), '--emptyOutDir']
  const bundle = ['--config', 'server/setup/rolldown.config.mjs', '--dir', next]
  // Both print lists on stdout that say nothing; what is wrong goes to stderr.
  const quiet = ['ignore', 'ignore', 2]
  await step('rolldown', node('node_modules/rolldown/bin/cli.mjs', bundle, quiet))
  const kernel = [...KERNEL, '--outFile', join(next, 'server/scan/kernel.wasm')]
  await step('asc', node('node_modules/assemblyscript/bin/asc.js', kernel))
  await step('code cache', node('server/setup/code-cache.mjs', [next], quiet))
  await step('vite build', node('node_modules/vite/bin/vite.js', [...web, '--logLevel', 'warn']))
  writeFileSync(join(next, STAMP), hash)
  rmSync(last, { recursive: true, force: true })
  try {
    renameSync(join(root, 'dist'), last)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  renameSync(next, join(root, 'dist'))
  rmSync(last, { recursive: true, force: true })
}

async function step(name, exit) {
  const code = await exit
  if (code !== 0) throw new SetupError(`${name} failed with exit code ${code}; its messages are above`)
}

/** Names and contents of every source file; times would differ after each clone. And V8's version, which refuses the
 *  code cache of another. Takes about 10 ms. */
function sourceHash(root) {
  const hash = createHash('sha256').update(process.versions.v8)
  for (const path of SOURCES.flatMap((name) => filesBelow(root, name))) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesBelow(root, path) {
  if (NOT_BUILT.has(path)) return []
  let entries
  try {
    entries = readdirSync(join(root, path), { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path]
    throw error
  }
  const names = entries.filter((entry) => entry.name !== 'node_modules').map((entry) => entry.name)
  return names.toSorted().flatMap((name) => filesBelow(root, `${path}/${name}`))
}
