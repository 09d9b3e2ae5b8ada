/** Which location serves a path. Source: ngx_http_core_find_location and ngx_http_core_location. */
import { fromPcre, isAffordable } from './pcre.ts'
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
  const found = lookUpLocation(server, path, (pattern, ignoreCase) => {
    const expression = fromPcre(pattern, ignoreCase)
    return expression && isAffordable(expression, path.length) ? expression.test(path) : null
  })
  return found === 'unknown' ? null : found
}

/** Tries a pattern on the path; null when it cannot be judged. */
type Match = (pattern: string, ignoreCase: boolean) => boolean | null

/** The same with the matching left to the caller, who may need the captures. */
export function lookUpLocation(server: Node, path: string, match: Match): Chosen | 'unknown' {
  const found = find(server, path, match)
  return found === 'unknown' ? found : { location: found.location, redirect: found.end === 'redirect' }
}

interface Found {
  location: Node | null
  /** `final`: regular expressions of outer levels are not tried any more. */
  end: 'final' | 'prefix' | 'none' | 'redirect'
}

interface Level {
  exact: Map<string, Node>
  /** Prefix locations; `stops`: `^~`. */
  plain: Map<string, { node: Node; stops: boolean }>
  /** Lengths of the prefixes, longest first. */
  lengths: number[]
  patterns: { node: Node; pattern: string; ignoreCase: boolean }[]
}

/** A server is asked for many paths, and a level may have thousands of locations. */
const known = new WeakMap<Node, Level>()

/** Most locations have none inside. */
const NONE: Level = { exact: new Map(), plain: new Map(), lengths: [], patterns: [] }

function levelOf(node: Node): Level {
  const before = known.get(node)
  if (before) return before
  if (!node.children.some(({ statement }) => statement.name === 'location' && statement.block)) return NONE
  const level: Level = { exact: new Map(), plain: new Map(), lengths: [], patterns: [] }
  for (const child of node.children) {
    if (child.statement.name !== 'location' || !child.statement.block) continue
    const { modifier, pattern } = readLocation(child)
    if (modifier === '=') level.exact.set(pattern, child)
    else if (modifier === '' || modifier === '^~') level.plain.set(pattern, { node: child, stops: modifier === '^~' })
    else if (modifier !== '@') level.patterns.push({ node: child, pattern, ignoreCase: modifier === '~*' })
  }
  level.lengths = [...new Set([...level.plain.keys()].map(({ length }) => length))].sort((a, b) => b - a)
  known.set(node, level)
  return level
}

function find(node: Node, path: string, match: Match): Found | 'unknown' {
  const { exact, plain, lengths, patterns } = levelOf(node)
  const same = exact.get(path)
  if (same) return { location: same, end: 'final' }

  const length = lengths.find((it) => it <= path.length && plain.has(path.slice(0, it)))
  const best = length === undefined ? undefined : plain.get(path.slice(0, length))
  if (length !== path.length) {
    const slashed = exact.get(`${path}/`) ?? plain.get(`${path}/`)?.node
    if (slashed && redirectsToSlash(slashed)) return { location: slashed, end: 'redirect' }
  }

  let result: Found = { location: best?.node ?? null, end: best ? 'prefix' : 'none' }
  if (best) {
    const nested = find(best.node, path, match)
    if (nested === 'unknown' || nested.end === 'final' || nested.end === 'redirect') return nested
    if (nested.end === 'prefix') result = nested
  }
  if (best?.stops === true) return result
  for (const { node: location, pattern, ignoreCase } of patterns) {
    const matched = match(pattern, ignoreCase)
    if (matched === null) return 'unknown'
    if (!matched) continue
    const nested = find(location, path, match)
    if (nested === 'unknown') return nested
    // Inside a pattern nginx takes a location that would redirect as the one that answers.
    return { location: nested.end === 'none' ? location : nested.location, end: 'final' }
  }
  return result
}

const PASSES = /^(?:proxy|fastcgi|uwsgi|scgi|memcached|grpc)_pass$/

/** auto_redirect is set where a *_pass handler stands in a location that ends in a slash. */
const redirectsToSlash = (node: Node): boolean => node.children.some(({ statement }) => PASSES.test(statement.name))
