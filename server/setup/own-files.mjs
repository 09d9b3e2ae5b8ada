/** Bundler plugin: files of ours that are opened by address. `new URL('./worker.ts', import.meta.url)` becomes a file of
 *  the build with everything it imports, `new URL('./kernel.wasm', import.meta.url)` a copy; both keep their place in
 *  the tree, and the address is made right for the file it ends up in. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const ADDRESS = /\bnew URL\(\s*'(\.{1,2}\/[\w./-]+\.(ts|wasm))',\s*import\.meta\.url,?\s*\)/g

/** @param apart is told the path of every file that is started so: its code must not run with that of others. */
export function ownFiles(root, apart) {
  return {
    name: 'own-files',
    transform(code, id) {
      if (code.search(ADDRESS) < 0) return null
      const moved = code.replaceAll(ADDRESS, (_, path, kind) => {
        const file = join(dirname(id), path)
        const name = relative(root, file).replaceAll('\\', '/')
        const fileName = name.replace(/\.ts$/, '.cjs')
        if (kind === 'ts') {
          apart.add(file)
          this.emitFile({ type: 'chunk', id: file, fileName })
        } else this.emitFile({ type: 'asset', fileName, source: readFileSync(file) })
        // From server/parts/*.cjs, where everything that is not an entry ends up.
        return `new URL('../../${fileName}', import.meta.url)`
      })
      return { code: moved, map: null }
    },
  }
}
