/** Writes V8's code cache beside the built files of the command line: `node code-cache.mjs FOLDER`. Runs the commands
 *  that are to start fast first, because the cache has the functions that were called. What they print is not for anyone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Script, constants } from 'node:vm'

const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0)', 'curl/8.9.1', 'Mozilla/5.0 (compatible; bingbot/2.0)']
const REQUESTS = [
  '"GET /docs/album-%.svg HTTP/1.1" 200 2846',
  '"GET /api/v2/items/%?page=2 HTTP/2.0" 304 0',
  '"POST /api/v2/items HTTP/1.1" 201 606',
  '"GET /missing-% HTTP/1.1" 404 146',
  '"GET /ws HTTP/1.1" 101 5646',
  '"GET /docs/album-%.svg HTTP/1.1" 301 169',
  '"GET /live/ws HTTP/1.1" 400 12',
  '"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1" 502 157',
]
/** An entry of nginx and an application's line. */
const ERRORS = `2026/11/21 06:13:34 [error] 7#7: *1 upstream prematurely closed connection while reading response header from upstream, client: 198.51.100.7, server: app.example, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:8080/ws", host: "app.example"
2026-11-21 06:13:34,004 ERROR [app] websocket: the client is not using the websocket protocol
`

const folder = resolve(process.argv[2] ?? 'dist')
const scripts = new Map()
// V8 drops the code of functions that ran once, such as the top of a file; the cache is to have it.
setFlagsFromString('--no-flush-bytecode')
const { main } = load(join(folder, 'server/cli/main.cjs'))

const work = mkdtempSync(join(tmpdir(), 'halfopen-build-'))
try {
  const log = join(work, 'access.log')
  writeFileSync(log, sample())
  const errors = join(work, 'error.log')
  writeFileSync(errors, ERRORS.repeat(20))
  for (const args of commands(log, errors)) {
    const code = await main(args)
    if (code !== 0) throw new Error(`halfopen ${args.join(' ')} ended with code ${code}`)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
// V8 refuses a cache that was made with other flags.
setFlagsFromString('--flush-bytecode')
for (const [file, script] of scripts) writeFileSync(`${file}.cache`, script.createCachedData())

function commands(log, errors) {
  const analyze = ['analyze', '--no-progress']
  return [
    ['--version'],
    ['--help'],
    ['analyze', '--help'],
    [...analyze, '--output', 'json', log],
    [...analyze, log],
    ['parse', log],
    [...analyze, errors],
    ['explain', `${log}:1`],
  ]
}

/** As in server/cli/halfopen.mjs, keeping the script. The server is left out: it runs for weeks. */
function load(file) {
  const require = createRequire(file)
  if (require.cache[file]) return require.cache[file].exports
  const module = { id: file, filename: file, exports: {}, children: [], loaded: true }
  require.cache[file] = module
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  const script = new Script(Module.wrap(readFileSync(file, 'latin1')), { filename: file, importModuleDynamically })
  scripts.set(file, script)
  const requireHere = (id) => (id.startsWith('.') ? load(join(dirname(file), id)) : require(id))
  script.runInThisContext()(module.exports, requireHere, module, file, dirname(file))
  return module.exports
}

/** Two minutes of a combined access log: pages, handshakes that work and that fail, a line that is cut off. */
function sample() {
  const lines = []
  for (let i = 0; i < 2000; i++) {
    const second = String(Math.floor(i / 17) % 60).padStart(2, '0')
    const minute = String(Math.floor(i / 1020)).padStart(2, '0')
    const what = REQUESTS[i % REQUESTS.length].replace('%', String(i % 300))
    lines.push(`198.51.100.${i % 250} - - [21/Nov/2026:06:${minute}:${second} +0000] ${what} "-" "${AGENTS[i % 3]}"`)
  }
  return `${lines.join('\n')}\n198.51.100.7 - - [21/Nov/20`
}
