/** The way of one request through a configuration, phase by phase, to the block that answers it.
 *  Source: ngx_http_core_module.c (phases), ngx_http_rewrite_module.c, ngx_http_try_files_module.c,
 *  ngx_http_special_response.c (error_page). A file is never found on disk: a WebSocket's URL names none. */
import { lookUpLocation } from './locations.ts'
import { evaluateCondition } from './condition.ts'
import { rewriteOf, type Rewritten } from './rewrite.ts'
import { child, childrenNamed, levels } from './levels.ts'
import { isNamed, serverNames } from './servers.ts'
import { escapePath, readTarget } from './uri.ts'
import { hostName, isKnown, Values, type RequestFacts } from './values.ts'
import { lineOf, type NginxConfig, type Node } from './tree.ts'

/** One thing that happened on the way, for people. */
export interface Step {
  text: string
  /** Null for what no directive decides. */
  at: Node | null
}

export type Outcome =
  /** `pass`: the proxy_pass in effect. */
  | { kind: 'proxied'; pass: Node }
  /** Another protocol's backend, or a module that answers itself. */
  | { kind: 'handed'; directive: Node }
  /** `to`: the target of a redirect. */
  | { kind: 'answered'; status: number; to: string | null; by: Node }
  | { kind: 'files' }
  /** A value that only the running nginx knows, or a pattern that cannot be judged, decides. */
  | { kind: 'undecided'; reason: string; at: Node }

export interface Journey {
  facts: RequestFacts
  server: Node
  /** The location that handles the request; null: none matches. */
  location: Node | null
  /** Whose settings are in effect: the location, an `if` in it, or the server. */
  block: Node
  outcome: Outcome
  steps: Step[]
  /** Conditions that were taken not to hold. */
  assumed: Node[]
  state: State
  values: Values
}

/** What nginx keeps of a request while it changes. */
export interface State {
  path: string
  args: string
  quoted: boolean
  /** What an error_page makes of the status, a backend's 101 included; null: nothing. */
  status: number | null
  /** The target as sent may be passed on unchanged. */
  validUnparsed: boolean
  /** The location's prefix may be replaced by the URI of proxy_pass. */
  validLocation: boolean
  internal: boolean
}

/** NGX_HTTP_MAX_URI_CHANGES. */
const MAX_CHANGES = 10

class Undecided extends Error {
  readonly at: Node
  constructor(reason: string, at: Node) {
    super(reason)
    this.at = at
  }
}

/** Follows a request that reached a server block. Never throws. `assume`: an `if` that only the running nginx can judge
 *  (an address, a geo lookup) is taken not to hold, and named in `assumed`; else it ends the way. */
export function walk(config: NginxConfig, server: Node, facts: RequestFacts, assume = false): Journey {
  return new Walk(config, server, facts, assume).run()
}

type Answer = Extract<Outcome, { kind: 'answered' }>

class Walk {
  private readonly server: Node
  private readonly facts: RequestFacts
  private readonly fragment: boolean
  private readonly state: State
  private readonly values: Values
  private readonly steps: Step[] = []
  private location: Node | null = null
  private block: Node
  private changes = MAX_CHANGES + 1
  private uriChanged = false
  private inErrorPage = false

  private readonly assume: boolean
  private readonly assumed: Node[] = []

  constructor(config: NginxConfig, server: Node, facts: RequestFacts, assume: boolean) {
    this.assume = assume
    this.server = server
    this.block = server
    this.facts = facts
    this.fragment = config.kind === 'location'
    const target = readTarget(facts.target, facts.mergeSlashes)
    const { path = '/', args = '', quoted = false } = target ?? {}
    this.state = { path, args, quoted, status: null, validUnparsed: true, validLocation: true, internal: false }
    const name = (serverNames(server)[0] ?? '').replace(/^\./, '')
    this.values = new Values(config, facts, () => ({
      path: this.state.path,
      args: this.state.args,
      server_name: name,
      proxy_host: null,
      proxy_port: null,
    }))
    // Captures are of the pattern that chose the server: nginx tries none when a name without pattern did.
    const host = hostName(facts.headers.get('host') ?? '')
    if (!isNamed(server, host))
      for (const pattern of serverNames(server).filter((one) => one.startsWith('~')))
        if (this.values.match(pattern.slice(1), true, host)) break
    this.bad = target === null
  }
  private readonly bad: boolean

  run(): Journey {
    let outcome: Outcome
    try {
      outcome = this.bad ? { kind: 'answered', status: 400, to: null, by: this.server } : this.handle()
    } catch (error) {
      if (!(error instanceof Undecided)) throw error
      outcome = { kind: 'undecided', reason: error.message, at: error.at }
    }
    const { facts, server, location, block, steps, assumed, state, values } = this
    return { facts, server, location, block, outcome, steps, assumed, state, values }
  }

  /** From the rewrite directives of the server on. */
  private handle(): Outcome {
    if (this.fragment) return this.content()
    this.block = this.server
    this.location = null
    const answer = this.rewrites(this.server)
    return answer ? this.finish(answer) : this.find()
  }

  private find(): Outcome {
    this.uriChanged = false
    const { path } = this.state
    const found = lookUpLocation(this.server, path, (pattern, ignoreCase) =>
      this.values.match(pattern, ignoreCase, path),
    )
    if (found === 'unknown')
      throw new Undecided('a regular expression of its locations cannot be judged here', this.server)
    this.location = found.location
    this.block = found.location ?? this.server
    if (found.location) this.say(`${path} → ${blockName(found.location)}`, found.location)
    if (found.redirect && found.location)
      return this.finish({
        kind: 'answered',
        status: 301,
        to: `${escapePath(path)}/${query(this.state.args)}`,
        by: found.location,
      })
    if (found.location && !this.state.internal && isInternal(found.location))
      return this.finish({ kind: 'answered', status: 404, to: null, by: found.location })
    return this.enter()
  }

  /** The rewrite directives of the location, then its content. For methods that a limit_except names not, what stands in it
   *  takes the place of the location from here on: its rewrites and try_files are passed over. */
  private enter(): Outcome {
    this.block = this.limitExcept() ?? this.block
    const answer = this.location && this.rewrites(this.block)
    if (answer) return this.finish(answer)
    if (!this.uriChanged) return this.content()
    return this.changed() ?? this.find()
  }

  private content(): Outcome {
    const { block } = this
    const denied = this.denied()
    if (denied) return this.finish(denied)
    const tried = child(block, 'try_files')
    if (tried) return this.tryFiles(tried)
    for (const level of levels(block)) {
      // Each puts its own in the place of those before.
      const handler = level.children.findLast(({ statement }) => HANDLERS.test(statement.name))
      if (handler)
        return handler.statement.name === 'proxy_pass'
          ? { kind: 'proxied', pass: handler }
          : { kind: 'handed', directive: handler }
      // An `if` or limit_except goes on with what its location does; a location inherits no handler.
      if (!INNER.has(level.statement.name)) break
    }
    const errors = this.errorPage(404)
    return errors ? this.finish({ kind: 'answered', status: 404, to: null, by: block }) : { kind: 'files' }
  }

  private limitExcept(): Node | null {
    const { method } = this.facts
    const found = child(this.block, 'limit_except')
    if (!found) return null
    const allowed = found.statement.args.map((word) => word.toUpperCase())
    return allowed.includes(method) || (method === 'HEAD' && allowed.includes('GET')) ? null : found
  }

  /** `deny all` with nothing allowed before it; who asks is not known otherwise. */
  private denied(): Answer | null {
    const level = levels(this.block).find((one) => child(one, 'deny') ?? child(one, 'allow'))
    const first = level?.children.find(({ statement }) => statement.name === 'deny' || statement.name === 'allow')
    const all = first?.statement.name === 'deny' && first.statement.args[0] === 'all'
    return first && all && !this.otherwiseSatisfied() ? { kind: 'answered', status: 403, to: null, by: first } : null
  }

  /** `satisfy any`, and somebody who may be asked in place of the address. */
  private otherwiseSatisfied(): boolean {
    const value = (name: string) => levels(this.block).flatMap((it) => child(it, name) ?? [])[0]?.statement.args[0]
    return value('satisfy') === 'any' && AUTHENTICATION.some((name) => !['off', undefined].includes(value(name)))
  }

  private tryFiles(directive: Node): Outcome {
    const last = directive.statement.args.at(-1) ?? ''
    const code = /^=(\d+)$/.exec(last)?.[1]
    if (code !== undefined) return this.finish({ kind: 'answered', status: Number(code), to: null, by: directive })
    this.say(`no file of that name: try_files → ${last}`, directive)
    return this.jump(last, directive)
  }

  /** An internal redirect to `@name` or a URI. */
  private jump(target: string, by: Node): Outcome {
    const over = this.changed()
    if (over) return over
    this.state.internal = true
    if (target.startsWith('@')) {
      const named = this.server.children.find(
        ({ statement }) => statement.name === 'location' && statement.args.join('') === target,
      )
      if (!named) return { kind: 'answered', status: 500, to: null, by }
      this.location = named
      this.block = named
      this.uriChanged = false
      return this.enter()
    }
    const uri = this.values.expand(target)
    if (!isKnown(uri)) throw new Undecided(`the value of ${target} is known only while nginx runs`, by)
    const at = uri.indexOf('?')
    Object.assign(this.state, {
      path: at === -1 ? uri : uri.slice(0, at),
      // Without a query of its own the redirect has none.
      args: at === -1 ? '' : uri.slice(at + 1),
      validUnparsed: false,
      validLocation: true,
    })
    return this.handle()
  }

  /** One more change of the URI; an answer when there were too many. */
  private changed(): Outcome | null {
    this.uriChanged = false
    if (--this.changes > 0) return null
    return { kind: 'answered', status: 500, to: null, by: this.block }
  }

  /** An answer of nginx itself, unless an error_page leads elsewhere. */
  private finish(given: Answer): Outcome {
    const sent = given.status < 300 || hasText(given)
    const answer = sent && this.state.status !== null ? { ...given, status: this.state.status } : given
    if (hasText(given)) return answer
    if (answer.status >= 300) this.state.status = answer.status
    const page = answer.status >= 300 && !this.inErrorPage ? this.errorPage(answer.status) : null
    if (!page) return answer
    // `=200` sets the status, `=` leaves it to what follows; without either it stays the error's.
    const overwrite = page.statement.args.find((arg) => /^=\d*$/.test(arg))?.slice(1)
    const target = this.values.expand(page.statement.args.at(-1) ?? '')
    if (!/^[@/]/.test(target)) {
      if (!isKnown(target)) throw new Undecided('where its error_page leads is known only while nginx runs', page)
      this.say(`${answer.status} → ${target}`, page)
      return {
        kind: 'answered',
        status: REDIRECTS.has(overwrite ?? '') ? Number(overwrite) : 302,
        to: target,
        by: page,
      }
    }
    const recursive = levels(this.block)
      .map((level) => child(level, 'recursive_error_pages'))
      .find((it) => it !== null)
    this.inErrorPage = recursive?.statement.args[0] !== 'on'
    this.say(`${answer.status} → ${target}`, page)
    if (overwrite !== undefined) this.state.status = overwrite === '' ? null : Number(overwrite)
    return this.jump(target, page)
  }

  private errorPage(status: number): Node | null {
    const own = (level: Node) => childrenNamed(level, 'error_page')
    const level = levels(this.block).find((it) => own(it).length > 0)
    return (level && own(level).find(({ statement }) => statement.args.slice(0, -1).includes(String(status)))) ?? null
  }

  /** Runs set, if, rewrite, return and break of a block; an answer when one ends the request. */
  private rewrites(block: Node): Answer | null {
    const result = this.script(block.children)
    return result === 'end' ? null : result
  }

  private script(directives: readonly Node[]): Answer | 'end' | null {
    for (const node of directives) {
      const result = this.directive(node)
      if (result) return result
    }
    return null
  }

  private directive(node: Node): Answer | 'end' | null {
    const { name, args } = node.statement
    switch (name) {
      case 'set':
        this.set((args[0] ?? '').replace(/^\$/, ''), this.values.expand(args[1] ?? ''))
        return null
      case 'break':
        if (this.uriChanged) this.state.validLocation = false
        this.uriChanged = false
        return 'end'
      case 'return':
        return this.returned(node)
      case 'rewrite':
        return this.rewrite(node)
      case 'if': {
        const holds = evaluateCondition(args, this.values)
        if (holds === null && this.assume) this.assumed.push(node)
        else if (holds === null)
          throw new Undecided(`whether "if ${args.join(' ')}" holds is known only while nginx runs`, node)
        if (!holds) return null
        this.say(`if ${args.join(' ')} holds`, node)
        // In a server block an `if` has no settings of its own.
        if (this.location) this.block = node
        return this.script(node.children)
      }
      default:
        return null
    }
  }

  /** `$args` is the query itself, the only variable of nginx that can be set. Source: ngx_http_variable_set_args. */
  private set(name: string, value: string): void {
    if (name === 'args') Object.assign(this.state, { args: value, validUnparsed: false })
    else this.values.set(name, value)
  }

  private returned(node: Node): Answer {
    const [first = '', second] = node.statement.args
    const status = /^\d+$/.test(first) ? Number(first) : 302
    const text = /^\d+$/.test(first) ? second : first
    const to = text !== undefined && [301, 302, 303, 307, 308].includes(status) ? this.values.expand(text) : null
    this.say(`return ${node.statement.args.join(' ')}`, node)
    return { kind: 'answered', status, to, by: node }
  }

  private rewrite(node: Node): Answer | 'end' | null {
    const result: Rewritten | null = rewriteOf(node.statement.args, this.state, this.values)
    if (!result) throw new Undecided(`what "rewrite ${node.statement.args.join(' ')}" does cannot be judged here`, node)
    if (result.kind === 'none') return null
    if (result.kind === 'redirect') {
      this.say(`rewrite redirects to ${result.to}`, node)
      return { kind: 'answered', status: result.status, to: result.to, by: node }
    }
    this.say(`rewritten: ${this.state.path} → ${result.path}`, node)
    const { path, args, flag } = result
    Object.assign(this.state, { path, args, internal: true, validUnparsed: false })
    if (path === '') return { kind: 'answered', status: 500, to: null, by: node }
    this.uriChanged = flag !== 'break'
    if (flag === 'break') this.state.validLocation = false
    return flag === '' ? null : 'end'
  }

  private say(text: string, at: Node | null): void {
    this.steps.push({ text: text.length > 1000 ? `${text.slice(0, 1000)}…` : text, at })
  }
}

const HANDLERS =
  /^(?:(?:proxy|fastcgi|uwsgi|scgi|memcached|grpc)_pass|empty_gif|stub_status|flv|mp4|perl|js_content|content_by_lua(?:_block|_file)?)$/
const INNER = new Set(['if', 'limit_except'])
const AUTHENTICATION = ['auth_basic', 'auth_request', 'auth_jwt']

/** `return 403 "no"` is sent as it is, past any error_page. Source: ngx_http_script_return_code. */
const hasText = ({ by: { statement }, to }: Answer): boolean =>
  statement.name === 'return' && statement.args.length === 2 && to === null

/** Other statuses become 302 where error_page leads to another site. Source: ngx_http_send_error_page. */
const REDIRECTS = new Set(['301', '302', '303', '307', '308'])

const query = (args: string): string => (args === '' ? '' : `?${args}`)

/** `internal` is inherited by nested locations. */
const isInternal = (location: Node): boolean => levels(location).some((level) => child(level, 'internal') !== null)

/** A block as written, for people: `location ^~ /ws/`. */
export const blockName = ({ statement }: Node): string => [statement.name, ...statement.args].join(' ')

export const placeOf = ({ statement }: Node): string => `${statement.source.file}:${lineOf(statement)}`
