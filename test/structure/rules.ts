/** The import rules of the project as data: who may import whom, and why. Each rule has imports that must be
 *  refused and imports that must pass; boundaries.test.ts runs both and then every file of the tree. */
import type { Import } from './imports.ts'

/** `importer → specifier`, or `importer → type specifier` for a type-only import. */
type Example = `${string} → ${string}`

export interface Rule {
  id: string
  says: string
  /** True when the import breaks the rule. */
  refuses(it: Import, packages: ReadonlySet<string>): boolean
  refused: readonly Example[]
  allowed: readonly Example[]
}

/** `server/scan/reader.ts` → `scan`; a file directly in server/ → ''; a file elsewhere → null. */
function partOf(path: string): string | null {
  const segments = path.split('/')
  if (segments[0] !== 'server') return null
  return segments.length > 2 ? (segments[1] ?? '') : ''
}

const inside = (path: string, folder: string): boolean => path.startsWith(`${folder}/`)
/** Functions of their arguments alone: finding ids are hashes, `include` lines name files. */
const PURE_BUILTINS = new Set(['node:crypto', 'node:path'])

/** Parts (or files) that must give the same answer for the same arguments. */
function isPure(path: string): boolean {
  if (inside(path, 'server/nginx-config')) return path !== 'server/nginx-config/load.ts'
  return inside(path, 'server/diagnosis') || inside(path, 'server/share') || PURE_ALERTS.has(path)
}
const PURE_ALERTS = new Set(
  ['by-hand', 'calendar', 'decide', 'rhythm', 'rules'].map((name) => `server/alerts/${name}.ts`),
)

/** The package of a bare specifier: `chart.js/auto` → `chart.js`, `@preact/signals` stays. */
const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')

export const RULES: readonly Rule[] = [
  {
    id: 'parsers-alone',
    says: 'parsers import nothing outside parsers: no package, no Node.js, no server',
    refuses: ({ from, target, relative }) => inside(from, 'parsers') && (!relative || !inside(target, 'parsers')),
    refused: ['parsers/a.ts → node:fs', 'parsers/a.ts → zod', 'parsers/a.ts → type ../server/http/wire.ts'],
    allowed: ['parsers/nginx/error.ts → ../record.ts', 'server/scan/reader.ts → ../../parsers/index.ts'],
  },
  {
    id: 'one-surface',
    says: 'a part of server is used by the others through <part>/contract.ts (and types of http/wire.ts) only',
    refuses({ from, target, relative, typeOnly }) {
      const [mine, theirs] = [partOf(from), partOf(target)]
      if (!relative || mine === null || !theirs || mine === theirs) return false
      if (target === `server/${theirs}/contract.ts`) return false
      // setup/ starts the command line; nothing else may.
      if (mine === 'setup' && target === 'server/cli/main.ts') return false
      return !(typeOnly && target === 'server/http/wire.ts')
    },
    refused: [
      'server/http/routes.ts → ../store/sqlite/store.ts',
      'server/http/routes.ts → type ../diagnosis/evidence.ts',
      'server/main.ts → ./store/sqlite/store.ts',
      'server/cli/analyze.ts → ../scan/scan.ts',
      'server/store/sqlite/store.ts → ../../http/wire.ts',
      'server/scan/pool.ts → ../tail/worker.ts',
    ],
    allowed: [
      'server/http/routes.ts → ../store/contract.ts',
      'server/cli/analyze.ts → ../scan/contract.ts',
      'server/store/contract.ts → type ../http/wire.ts',
      'server/store/sqlite/store.ts → ./driver.ts',
      'server/store/sqlite/store.ts → ../contract.ts',
      'server/setup/dev-server.ts → ../cli/main.ts',
    ],
  },
  {
    id: 'joined-above',
    says: 'files directly in server/ join the parts; a part other than cli/ takes at most types from them',
    refuses({ from, target, relative, typeOnly }) {
      const mine = partOf(from)
      return relative && Boolean(mine) && mine !== 'cli' && partOf(target) === '' && !typeOnly
    },
    refused: ['server/store/sqlite/store.ts → ../../main.ts', 'server/http/routes.ts → ../config.ts'],
    allowed: [
      'server/cli/serve.ts → ../main.ts',
      'server/main.ts → ./config.ts',
      'server/http/routes.ts → type ../config.ts',
    ],
  },
  {
    id: 'pure',
    says: 'diagnosis, nginx-config (but load.ts) and alerts/decide.ts do no I/O: neither Node.js nor packages; parsers and types only',
    refuses({ from, target, relative, typeOnly }) {
      if (!isPure(from) || typeOnly) return false
      if (!relative) return !PURE_BUILTINS.has(target)
      // The public surface names the impure loader too; nothing else in the part may.
      if (from === 'server/nginx-config/contract.ts') return !inside(target, 'server/nginx-config')
      return !inside(target, 'parsers') && (!isPure(target) || partOf(target) !== partOf(from))
    },
    refused: [
      'server/diagnosis/rank.ts → node:fs',
      'server/diagnosis/rank.ts → zod',
      'server/diagnosis/rank.ts → ../store/contract.ts',
      'server/nginx-config/patch.ts → ./load.ts',
      'server/alerts/decide.ts → ./outbox.ts',
    ],
    allowed: [
      'server/diagnosis/ids.ts → node:crypto',
      'server/diagnosis/fold.ts → ../../parsers/event.ts',
      'server/diagnosis/causes/a.ts → ../evidence.ts',
      'server/diagnosis/rank.ts → type ../nginx-config/contract.ts',
      'server/nginx-config/load.ts → node:fs',
      'server/nginx-config/contract.ts → ./load.ts',
    ],
  },
  {
    id: 'web-types',
    says: 'web takes types from server/http/wire.ts and nothing else from outside web',
    refuses({ from, target, relative, typeOnly }) {
      if (!inside(from, 'web')) return false
      if (relative) return !inside(target, 'web') && !(typeOnly && target === 'server/http/wire.ts')
      return target.startsWith('node:') && from !== 'web/vite.config.ts'
    },
    refused: [
      'web/api.ts → ../server/http/wire.ts',
      'web/api.ts → type ../server/store/contract.ts',
      'web/api.ts → ../parsers/event.ts',
      'web/api.ts → node:fs',
    ],
    allowed: ['web/api.ts → type ../server/http/wire.ts', 'web/api.ts → ./state.ts', 'web/vite.config.ts → node:path'],
  },
  {
    id: 'share-alone',
    says: 'share is text from findings alone: it imports nothing but types from outside itself',
    refuses: ({ from, target, typeOnly }) =>
      inside(from, 'server/share') && !typeOnly && !inside(target, 'server/share'),
    refused: [
      'server/share/a.ts → ../diagnosis/contract.ts',
      'server/share/a.ts → node:path',
      'server/share/a.ts → zod',
    ],
    allowed: ['server/share/a.ts → type ../diagnosis/contract.ts', 'server/share/a.ts → ./words.ts'],
  },
  {
    id: 'no-way-back',
    says: 'server imports neither web nor test',
    refuses: ({ from, target }) => inside(from, 'server') && (inside(target, 'web') || inside(target, 'test')),
    refused: ['server/http/static.ts → ../../web/api.ts', 'server/main.ts → type ../test/needs.ts'],
    allowed: ['server/main.ts → ./http/contract.ts'],
  },
  {
    id: 'installed-for-users',
    says: 'server runs with the packages users get: "dependencies" and "optionalDependencies"',
    refuses({ from, target, relative, typeOnly }, packages) {
      if (!inside(from, 'server') || relative || typeOnly || target.startsWith('node:')) return false
      return !packages.has(packageOf(target))
    },
    refused: ['server/http/app.ts → vite', 'server/http/app.ts → fs'],
    allowed: ['server/http/app.ts → express', 'server/http/app.ts → node:fs', 'server/http/app.ts → type vite'],
  },
  {
    id: 'one-driver',
    says: 'only store/sqlite/driver.ts names a SQLite driver: better-sqlite3 13 kills a Node.js 20 that opens it',
    refuses: ({ from, target, typeOnly }) =>
      target.startsWith('better-sqlite3') && !typeOnly && from !== 'server/store/sqlite/driver.ts',
    refused: ['server/store/sqlite/store.ts → better-sqlite3', 'server/cli/db.ts → better-sqlite3-node20'],
    allowed: ['server/store/sqlite/driver.ts → better-sqlite3', 'server/store/sqlite/store.ts → type better-sqlite3'],
  },
]

/** Calls that read the clock, chance or the surroundings, and so have no place in a pure file. */
const IMPURE =
  /\b(?:Date\.now|Math\.random|performance\.now|setTimeout|setInterval|fetch)\s*\(|\bnew Date\(\)|\bprocess\./

/** Line (from 1) of each impure call in a pure file. `text` without comments. */
export function impureCalls(path: string, text: string): number[] {
  if (!isPure(path) && !inside(path, 'parsers')) return []
  return text.split('\n').flatMap((line, index) => (IMPURE.test(line) ? [index + 1] : []))
}
