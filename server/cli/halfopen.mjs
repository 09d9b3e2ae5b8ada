#!/usr/bin/env node
// The committed entry point: runs the build, or says what makes one. Half of a short run is what happens here, so:
// Node.js's modules come from getBuiltinModule, because an `import` of node:fs reads every export and with that loads
// all of streams; and the build is CommonJS, because V8's code cache can be had for scripts alone on Node.js 20.
const builtin = process.getBuiltinModule
if (builtin === undefined) {
  process.stderr.write(`halfopen: Node.js ${process.version} is too old; needs 20.19 or newer\n`)
  process.exit(2)
}
const { existsSync, readFileSync } = builtin('node:fs')
const { createRequire, wrap } = builtin('node:module')
const { dirname, join } = builtin('node:path')
const { fileURLToPath } = builtin('node:url')
const { Script, constants } = builtin('node:vm')

const main = fileURLToPath(new URL('../../dist/server/cli/main.cjs', import.meta.url))
if (!existsSync(main)) {
  process.stderr.write('halfopen: not built yet; run "npm start" or "npm test" once in the checkout\n')
  process.exit(2)
}
const require = createRequire(main)
const [head, tail] = wrap('\0').split('\0')
process.exitCode = await load(main).main(process.argv.slice(2))

/** `require` of a built file, from the code cache beside it. V8 refuses the cache of another Node.js and then compiles
 *  as ever; server/setup/code-cache.mjs writes it with the same `wrap`. */
function load(file) {
  // Files that Node.js loads by itself (the server, which has no cache) find this one instance.
  if (require.cache[file]) return require.cache[file].exports
  let cachedData
  try {
    cachedData = readFileSync(`${file}.cache`)
  } catch {
    return require(file)
  }
  const module = { id: file, filename: file, exports: {}, children: [], loaded: true }
  require.cache[file] = module
  // Joined as bytes: joined as a text it would be copied twice into V8's space for new objects, which has to be cleared then.
  const source = Buffer.concat([Buffer.from(head), readFileSync(file), Buffer.from(tail)]).toString('latin1')
  const script = new Script(source, {
    filename: file,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const folder = dirname(file)
  const requireHere = (id) => (id.startsWith('.') ? load(join(folder, id)) : require(id))
  script.runInThisContext()(module.exports, requireHere, module, file, folder)
  return module.exports
}
