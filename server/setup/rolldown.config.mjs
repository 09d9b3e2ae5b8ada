/** Bundles the server and its command line into dist/server: a run of 40 ms cannot load 170 files. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ownFiles } from './own-files.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What is started by its path, so that it needs a file of a known name: `server/cli/main.ts` becomes
 *  `dist/server/cli/main.cjs`. A file named by `new URL('./worker.ts', import.meta.url)` needs no line here. */
const ENTRIES = ['server/cli/main', 'server/scan/worker']

/** What is loaded together: few files, and none of it without need. Those marked `late` are loaded when the first of their
 *  exports is used, wherever they were imported: nothing may use one at its top. `--version` needs `cli`; a worker that reads logs
 *  needs `scan`. The rest, which is the server, goes to files of its own. */
const GROUPS = [
  {
    name: 'cli',
    test: /[\\/](?:server[\\/]cli[\\/](?:analyze|command|main|options|terminal)\.ts|node_modules[\\/]commander[\\/])|rolldown[\\/]runtime/,
  },
  {
    name: 'commands',
    test: /[\\/]server[\\/]cli[\\/](?:alerts|db|duration|explain|fix|lint|log-format|parse|probe|prove|record-line|serve)\.ts$/,
  },
  { name: 'nginx-config', late: true, test: /[\\/]server[\\/]nginx-config[\\/]/ },
  // What error logs, applications' logs and people who ask why need, and an access log does not.
  {
    name: 'meaning',
    late: true,
    test: /[\\/](?:parsers[\\/](?:explain[\\/]|apps[\\/](?:signs[\\/]|app-events|browser-reasons|websocket-texts)|nginx[\\/](?:error-(?:context|events|message|signs)|log-format-near)\.)|server[\\/]scan[\\/](?:error-(?:entry|hot-path|message|tallies)|explain[\w-]*|nearest)\.ts)/,
  },
  // What threads send each other, and programs that unpack.
  {
    name: 'seldom',
    late: true,
    test: /[\\/]server[\\/]scan[\\/](?:decompress|glob|input-errors|packing|ranges|read-ahead|transfer|unpack-program|until-aborted)\.ts$/,
  },
  // Error logs that are followed.
  { name: 'live', late: true, test: /[\\/]server[\\/]scan[\\/](?:live-errors|run-columns|run-fold|said-book)\.ts$/ },
  // What few findings need: shapes of failures that no rule knows, limits, proxies outside.
  {
    name: 'findings',
    late: true,
    test: /[\\/]server[\\/]diagnosis[\\/](?:templates|limit-advice|outer-layers|product-terms|log-format)\.ts$/,
  },
  // Causes that take a word of an error log or of an application.
  {
    name: 'told',
    late: true,
    test: /[\\/]server[\\/]diagnosis[\\/]causes[\\/](?:abnormal-closure|agent-leg|config-not-applied|connection-variable-undefined|dns-failure|forwarded-headers|invalid-upstream-response|peer-vanished|protocol-error|resource-limit|upstream-http-version|upstream-tls-mismatch|worker-crash)\.ts$/,
  },
  // Two logs of one incident whose clocks differ.
  { name: 'clocks', late: true, test: /[\\/]server[\\/]diagnosis[\\/]clock-[\w-]+\.ts$/ },
  { name: 'scan', test: /[\\/](?:parsers|server[\\/](?:scan|diagnosis|nginx-config))[\\/]/ },
  {
    name: 'reading',
    test: /[\\/]server[\\/]cli[\\/](?:interruption|output|progress|reading|report-\w+|reported|when)\.ts$/,
  },
]

/** Files that are started by themselves. In a group their code would run wherever the group is loaded. */
const apart = new Set([join(ROOT, 'server/scan/worker.ts')])
const ordered = GROUPS.map(({ name, test }, at) => ({
  name,
  test: (id) => test.test(id) && !apart.has(id),
  priority: GROUPS.length - at,
}))

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
/** commander is part of every start: eight files less to load. Packages stay packages otherwise: they have binaries
 *  (better-sqlite3), worker files (pino), or are for the server alone. */
const EXTERNAL = Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => name !== 'commander')

const LATE = [
  'node:(?:child_process|crypto|http|net|os|stream|v8|worker_threads|zlib)',
  ...GROUPS.filter(({ late }) => late).map(({ name }) => `\\./${name}\\.cjs`),
]
const REQUIRED = new RegExp(`^(\\s*)(?:let|const|var) (\\w+) = require\\("(${LATE.join('|')})"\\);$`, 'gm')

/** Node.js's larger modules, and late groups, are loaded when one of their exports is used. Commander names child_process
 *  at its top and never uses it here; it alone loads net, dgram and streams: a fifth of what `node -e 0` takes. */
const lateModules = {
  name: 'late-modules',
  renderChunk: (code) => ({
    code: code.replace(REQUIRED, (_, indent, name, id) => {
      if (code.includes(`__toESM(${name},`)) throw new Error(`import the names you need of ${id}, not its default`)
      return `${indent}let ${name}_; const ${name} = new Proxy({}, { get: (_, name) => (${name}_ ??= require("${id}"))[name] });`
    }),
    // Lines stay where they are.
    map: null,
  }),
}

/** Parsers' examples are for tests: a sixth of the text that every run would load. They become lists without entries, over
 *  as many lines. */
const noExamples = {
  name: 'no-examples',
  transform(code, id) {
    if (!/[\\/]parsers[\\/]/.test(id) || !code.includes('examples: [')) return null
    const found = []
    examplesIn(this.parse(code, { lang: 'ts' }), found)
    let left = code
    // From the end on: what is in front stays where it is.
    for (const { start, end } of found.toSorted((a, b) => b.start - a.start))
      left = `${left.slice(0, start)}[${left.slice(start, end).replace(/[^\n]+/g, '')}]${left.slice(end)}`
    return { code: left, map: null }
  },
}

/** Adds the arrays that are values of a property `examples`. */
function examplesIn(node, found) {
  if (node === null || typeof node !== 'object') return
  const named = node.type === 'Property' && node.key.type === 'Identifier' && node.key.name === 'examples'
  if (named && node.value.type === 'ArrayExpression') found.push(node.value)
  else for (const child of Object.values(node)) examplesIn(child, found)
}

/** ASCII alone, so that the starter can take the bytes as they are: V8 keeps a text with one … in two bytes a
 *  character, and decoding that took a third of the time of its code cache. */
const asciiOnly = {
  name: 'ascii-only',
  // After the printer, which would write the characters out again.
  generateBundle(_, files) {
    for (const chunk of Object.values(files)) {
      if (chunk.type !== 'chunk') continue
      const raw = /String\.raw`[^`]*[^\0-\x7f]/.test(chunk.code)
      if (raw) throw new Error(`${chunk.fileName}: String.raw with more than ASCII cannot be escaped`)
      const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
      chunk.code = chunk.code.replace(/[^\0-\x7f]/g, escaped)
    }
  },
}

/** The printer's tabs, a twentieth of the text. A stack keeps its lines and names. */
const noIndents = {
  name: 'no-indents',
  transform(code, id) {
    if (code.includes('\n\t')) throw new Error(`${id}: a line that begins with a tab may be that of a text; write \\t`)
  },
  // After the printer, which would put them back.
  generateBundle(_, files) {
    for (const chunk of Object.values(files)) if (chunk.type === 'chunk') chunk.code = chunk.code.replace(/^\t+/gm, '')
  },
}

const licence = {
  name: 'licence',
  generateBundle() {
    const source = readFileSync(join(ROOT, 'node_modules/commander/LICENSE'))
    this.emitFile({ type: 'asset', fileName: 'server/parts/LICENSE-commander', source })
  },
}

export default {
  cwd: ROOT,
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, `${entry}.ts`])),
  platform: 'node',
  logLevel: 'warn',
  external: (id) => EXTERNAL.some((name) => id === name || id.startsWith(`${name}/`)),
  plugins: [ownFiles(ROOT, apart), noExamples, lateModules, noIndents, asciiOnly, licence],
  // Imports that are late in the sources are so for those who run the sources.
  checks: { ineffectiveDynamicImport: false },
  // Asked for by what is said of groups below.
  preserveEntrySignatures: 'allow-extension',
  output: {
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'server/parts/[name].cjs',
    // Read by `node --enable-source-maps` alone. Names and lines are kept, so that a stack says something without.
    sourcemap: true,
    comments: false,
    // A group is what is named above: with what it imports, a late one would take along what all need.
    codeSplitting: { groups: ordered, includeDependenciesRecursively: false },
  },
}
