/** Which location serves a path. Source: ngx_http_core_find_location and ngx_http_core_location. */
import { fromPcre } from './pcre.ts'
import type { Node } from './tree.ts'

type Modifier = '=' | '^~' | '~' | '~*' | '' | '@'

export interface Chosen {
  /** Null: no location matches, the server block itself answers. */
  location: Node | null
  /** The path is a location's name without its last slash: nginx answers 301, the backend never sees the request. */
  redirect: boolean
}

/** `location` arguments: the modifier may stand alone or be glued to the pattern (`^~/ws`). */
export function readLocation(node: Node): { modifier: Modifier; pattern: string } {
  const [first = '', second] = node.statement.args
  if (second !== undefined) return { modifier: first as Modifier, pattern: second }
  const glued = /^(?:=|\^~|~\*|~)/.exec(first)?.[0]
  if (glued !== undefined) return { modifier: glued as Modifier, pattern: first.slice(glued.length) }
  return first.startsWith('@') ? { modifier: '@', pattern: first.slice(1) } : { modifier: '', pattern: first }
}

/** The location of a server (or of a location with nested ones) that serves a decoded path;
 *  null when a regular expression on the way cannot be judged. */
export function findLocation(server: Node, path: string): Chosen | null {
  const found = find(server, path)
  return found === 'unknown' ? null : { location: found.location, redirect: found.end === 'redirect' }
}

interface Found {
  location: Node | null
  /** `final`: regular expressions of outer levels are not tried any more. */
  end: 'final' | 'prefix' | 'none' | 'redirect'
}

function find(level: Node, path: string): Found | 'unknown' {
  const locations = level.children
    .filter(({ statement }) => statement.name === 'location' && statement.block)
    .map((node) => ({ node, ...readLocation(node) }))
  const plain = locations.filter(({ modifier }) => modifier === '' || modifier === '^~')
  const exact = locations.find(({ modifier, pattern }) => modifier === '=' && pattern === path)
  if (exact) return { location: exact.node, end: 'final' }

  let best: (typeof plain)[number] | undefined
  for (const candidate of plain)
    if (path.startsWith(candidate.pattern) && candidate.pattern.length >= (best?.pattern.length ?? 0)) best = candidate
  if (best?.pattern !== path) {
    const slashed = locations.find((it) => (it.modifier === '=' || plain.includes(it)) && it.pattern === `${path}/`)
    if (slashed && redirectsToSlash(slashed.node)) return { location: slashed.node, end: 'redirect' }
  }

  let result: Found = { location: best?.node ?? null, end: best ? 'prefix' : 'none' }
  if (best) {
    const nested = find(best.node, path)
    if (nested === 'unknown' || nested.end === 'final' || nested.end === 'redirect') return nested
    if (nested.end === 'prefix') result = nested
  }
  if (best?.modifier === '^~') return result
  for (const { node, modifier, pattern } of locations) {
    if (modifier !== '~' && modifier !== '~*') continue
    const expression = fromPcre(pattern, modifier === '~*')
    if (!expression) return 'unknown'
    if (!expression.test(path)) continue
    const nested = find(node, path)
    if (nested === 'unknown') return nested
    return {
      location: nested.end === 'none' ? node : nested.location,
      end: nested.end === 'redirect' ? 'redirect' : 'final',
    }
  }
  return result
}

const PASSES = /^(?:proxy|fastcgi|uwsgi|scgi|memcached|grpc)_pass$/

/** auto_redirect is set where a *_pass handler stands in a location that ends in a slash. */
const redirectsToSlash = (node: Node): boolean => node.children.some(({ statement }) => PASSES.test(statement.name))

/** The path as locations see it: no query, percent-decoded, slashes merged, dot segments resolved. */
export function normalPath(uri: string): string {
  const bare = uri.replace(/[?#].*$/s, '')
  let decoded = bare
  try {
    decoded = decodeURIComponent(bare)
  } catch {
    // A broken escape: nginx answers 400. Taken as it is.
  }
  const out: string[] = []
  const segments = decoded.split('/').filter((segment, i, all) => segment !== '' || i === 0 || i === all.length - 1)
  segments.forEach((segment, i) => {
    const last = i === segments.length - 1
    if (segment === '.' || segment === '..') {
      if (segment === '..' && out.length > 1) out.pop()
      if (last) out.push('')
    } else out.push(segment)
  })
  const path = out.join('/')
  return path.startsWith('/') ? path : `/${path}`
}
