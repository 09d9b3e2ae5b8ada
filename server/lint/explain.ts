/** The settings in effect for one URL, each with the line that decided it. Pure. */
import {
  blockName,
  HANDSHAKE,
  inherited,
  levels,
  lineOf,
  resolveRequest,
  serverNames,
  type NginxConfig,
  type Node,
  type Resolved,
} from '../nginx-config/contract.ts'
import { AUTHENTICATION } from './authentication.ts'

export interface ExplainedRow {
  group: 'request' | 'backend' | 'headers' | 'settings'
  setting: string
  value: string
  /** `file:line` of the directive that decided; null: nginx's default. */
  by: string | null
}

export interface Explanation {
  url: string
  /** `proxied`, `answered`, `handed`, `files`, `undecided`. */
  outcome: string
  /** What happened on the way, in order. */
  steps: { text: string; by: string | null }[]
  rows: ExplainedRow[]
  /** What is not known: includes that were not given, values of the running nginx. */
  open: string[]
}

/** Directives that are not inherited, or not settings of a request. */
const NOT_SETTINGS =
  /^(?:location|server|server_name|listen|if|set|rewrite|return|break|map|geo|split_clients|upstream|include|log_format|types|try_files|internal|limit_except|proxy_pass|proxy_set_header|(?:limit_(?:req|conn)|proxy_cache_path|zone)_?zone|proxy_cache_path|http|events|lua_.*|init_by_lua.*)$/

const DEFAULTS: readonly (readonly [string, string])[] = [
  ['proxy_connect_timeout', '60s'],
  ['proxy_read_timeout', '60s'],
  ['proxy_send_timeout', '60s'],
]

/** One explanation for each server block that may get the request. [] when nothing listens on the port.
 *  @param url `ws:`, `wss:`, `http:` or `https:`. */
export function explainUrl(config: NginxConfig, url: URL, version: string | null): Explanation[] {
  const tls = url.protocol === 'wss:' || url.protocol === 'https:'
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port)
  const asked = {
    scheme: tls ? ('https' as const) : ('http' as const),
    address: null,
    host: url.host,
    target: `${url.pathname}${url.search}`,
    headers: HANDSHAKE,
  }
  const there = resolveRequest(config, { ...asked, port }, version)
  // A published container port is not nginx's own: then the name alone decides.
  const found = there.length > 0 ? there : resolveRequest(config, { ...asked, port: null }, version)
  const note = there.length > 0 ? [] : [`nothing here listens on port ${port}; chosen by name alone`]
  return found.map((one) => explanationOf(one, url, note))
}

function explanationOf({ journey, received }: Resolved, url: URL, notes: readonly string[]): Explanation {
  const { server, block, outcome, steps, assumed } = journey
  const rows: ExplainedRow[] = []
  const add = (group: ExplainedRow['group'], setting: string, value: string, by: Node | null) =>
    rows.push({ group, setting, value, by: by && placeName(by) })
  add('request', 'server', serverNames(server).join(' ') || '(no name)', server)
  if (journey.location) add('request', 'location', blockName(journey.location), journey.location)
  if (block !== server && block !== journey.location) add('request', 'settings of', blockName(block), block)
  const status = journey.state.status
  if (outcome.kind === 'proxied') {
    add('backend', 'proxy_pass', outcome.pass.statement.args.join(' '), outcome.pass)
    if (received) {
      add('backend', 'backend', received.authority ?? '(known only while nginx runs)', outcome.pass)
      add('backend', 'path it sees', received.target ?? '(known only while nginx runs)', outcome.pass)
      add('backend', 'HTTP version', received.version, received.versionBy)
      for (const { name, value, by } of received.headers)
        add('headers', capitals(name), value ?? by?.statement.args[1] ?? '', by)
      if (!received.headers.some(({ name }) => name === 'upgrade')) add('headers', 'Upgrade', '(not sent)', null)
    } else add('backend', 'answer', '500: proxy_pass gives no URL', outcome.pass)
    if (status !== null) add('backend', 'status sent', `${status}, instead of the backend's 101`, null)
  } else if (outcome.kind === 'answered')
    add('backend', 'answer', `${outcome.status}${outcome.to === null ? '' : ` ${outcome.to}`}`, outcome.by)
  else if (outcome.kind === 'handed')
    add('backend', 'answer', `by ${outcome.directive.statement.name}`, outcome.directive)
  else if (outcome.kind === 'files')
    add('backend', 'answer', 'a file, or 404', inherited(block, 'root') ?? inherited(block, 'alias'))
  settings(block, add)
  for (const [name, value] of DEFAULTS)
    if (!inherited(block, name) && outcome.kind === 'proxied') add('settings', name, value, null)
  const gaps = levels(block).flatMap((level) =>
    level.gaps.map((gap) => `include not given: ${gap.args[0] ?? ''} (${gap.source.file}:${lineOf(gap)})`),
  )
  const conditions = assumed.map(
    (node) => `${blockName(node)} (${placeName(node)}): known only while nginx runs; taken not to hold`,
  )
  const asked = outcome.kind === 'proxied' ? AUTHENTICATION.flatMap((name) => inherited(block, name) ?? []) : []
  const credentials = asked
    .filter(({ statement }) => statement.args[0] !== 'off')
    .map((node) => `${blockName(node)} (${placeName(node)}): asked first; taken to let the request through`)
  const undecided = outcome.kind === 'undecided' ? [outcome.reason] : []
  return {
    url: url.href,
    outcome: outcome.kind,
    steps: steps.map(({ text, at }) => ({ text, by: at && placeName(at) })),
    rows,
    open: [...notes, ...undecided, ...conditions, ...credentials, ...gaps],
  }
}

/** nginx's rule for both kinds: the innermost level that has a directive has it alone. */
function settings(block: Node, add: (group: 'settings', setting: string, value: string, by: Node) => void): void {
  const seen = new Set<string>()
  for (const level of levels(block)) {
    const own = level.children.filter(
      ({ statement: { name, block: inner } }) => !inner && !NOT_SETTINGS.test(name) && !seen.has(name),
    )
    for (const node of own) add('settings', node.statement.name, node.statement.args.join(' '), node)
    for (const { statement } of own) seen.add(statement.name)
    if (level.statement.name === 'http') break
  }
}

const placeName = ({ statement }: Node): string => `${statement.source.file}:${lineOf(statement)}`

const capitals = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
