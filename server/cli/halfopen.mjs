#!/usr/bin/env node
// The committed entry point: runs the build, or says what makes one. Half of a short run is what happens here, so:
// Node.js's modules come from getBuiltinModule, because an `import` of node:fs reads every export and with that loads
// all of streams; and the build is CommonJS, because V8's code cache can be had for scripts alone on Node.js 20.
const builtin = process.getBuiltinModule
if (builtin === undefined) {
  process.stderr.write(`halfopen: Node.js ${process.version} is too old; needs 20.19 or newer\n`)
  process.exit(2)
}
const { closeSync, existsSync, fstatSync, openSync, readSync } = builtin('node:fs')
const { createRequire, wrap } = builtin('node:module')
const { dirname, join } = builtin('node:path')
const { fileURLToPath } = builtin('node:url')
const { Script, constants } = builtin('node:vm')

const main = fileURLToPath(new URL('../../dist/server/cli/main.cjs', import.meta.url))
if (!existsSync(main)) {
  process.stderr.write('halfopen: not built yet; run "npm start" or "npm test" once in the checkout\n')
  process.exit(2)
}
const requireBuilt = createRequire(main)
const [head, tail] = wrap('\0').split('\0')
/** What files are read into, one after the other: memory that is touched for the first time costs more than the reading. */
let room = Buffer.allocUnsafeSlow(1 << 20)

process.exitCode = await load(main).main(process.argv.slice(2))
// Its output is written, and nothing else is open: to give back the memory piece by piece would only take time.
if (process.argv[2] === 'analyze') process.exit()

/** `require` of a built file, from the code cache beside it. V8 refuses the cache of another Node.js and then compiles
 *  as ever; server/setup/code-cache.mjs writes it with the same `wrap`. */
function load(file) {
  // Files that Node.js loads by itself (the server, which has no cache) find this one instance.
  if (requireBuilt.cache[file]) return requireBuilt.cache[file].exports
  if (!existsSync(`${file}.cache`)) return requireBuilt(file)
  const module = { id: file, filename: file, exports: {}, children: [], loaded: true }
  requireBuilt.cache[file] = module
  // Joined as bytes: joined as a text it would be copied twice into V8's space for new objects, which has to be cleared then.
  let end = readInto(file, room.latin1Write(head, 0), tail.length)
  end += room.latin1Write(tail, end)
  const source = room.latin1Slice(0, end)
  const script = new Script(source, {
    filename: file,
    cachedData: room.subarray(0, readInto(`${file}.cache`, 0, 0)),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const folder = dirname(file)
  const requireHere = (id) => (id.startsWith('.') ? load(join(folder, id)) : requireBuilt(id))
  script.runInThisContext()(module.exports, requireHere, module, file, folder)
  return module.exports
}

/** Puts a file at `at` of the room, with `more` bytes free behind it. Returns where it ends. */
function readInto(file, at, more) {
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    if (at + size + more > room.length)
      room = Buffer.concat([room.subarray(0, at), Buffer.allocUnsafeSlow(size + more)])
    let end = at
    for (let n = 1; n > 0 && end < at + size; end += n) n = readSync(fd, room, end, at + size - end, null)
    return end
  } finally {
    closeSync(fd)
  }
}
