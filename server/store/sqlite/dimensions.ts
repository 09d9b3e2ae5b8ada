/** What repeats from row to row, as integers. All of it is kept in memory: it is bounded, and every event looks it up. */
import type { Observation, Scope } from '../../diagnosis/contract.ts'
import type { Db, Statement } from './driver.ts'

/** Distinct scopes a database holds; later ones count as "(other)". A scanner can invent any number of paths. */
export const MAX_SCOPES = 20_000
/** Scopes that failed ordinary requests may fill; the room above is for scopes with WebSocket events. */
export const MAX_SUSPECT_SCOPES = 15_000
const OTHER: Scope = { server: null, path: '(other)', upstream: null }

/** An observation or a suspect without its scope. Suspects have the kind `request`. */
export interface Class {
  kind: Observation['kind'] | 'request'
  sign: string
  status: number | null
  asked: Observation['asked']
  answered_by: Observation['answered_by']
  echo: boolean
}

/** One table of values that get an id at first sight. */
class Dimension<T> {
  private readonly ids = new Map<string, number>()
  private readonly values = new Map<number, T>()
  private readonly insert: Statement<unknown[], number>
  private readonly load: () => Iterable<{ id: number; key: string; value: T }>
  private readonly bind: (value: T) => unknown[]

  constructor(
    insert: Statement<unknown[], number>,
    load: () => Iterable<{ id: number; key: string; value: T }>,
    bind: (value: T) => unknown[],
  ) {
    this.insert = insert.pluck() as Statement<unknown[], number>
    this.load = load
    this.bind = bind
    this.reload()
  }

  /** Forgets ids of a transaction that was rolled back. */
  reload(): void {
    this.ids.clear()
    this.values.clear()
    for (const { id, key, value } of this.load()) this.remember(id, key, value)
  }

  get size(): number {
    return this.values.size
  }

  has(key: string): boolean {
    return this.ids.has(key)
  }

  /** The insert answers with the id also when the key is there: a cut surrogate pair in a path is one key to us and
   *  another, perhaps known, one to SQLite. */
  id(key: string, value: T): number {
    const known = this.ids.get(key)
    if (known !== undefined) return known
    const id = this.insert.get(key, ...this.bind(value)) as number
    this.remember(id, key, value)
    return id
  }

  value(id: number): T {
    const value = this.values.get(id)
    if (value === undefined) throw new Error(`row names the unknown id ${id}`)
    return value
  }

  *entries(): Iterable<[number, T]> {
    yield* this.values
  }

  private remember(id: number, key: string, value: T): void {
    this.ids.set(key, id)
    if (!this.values.has(id)) this.values.set(id, value)
  }
}

/** As evidence cuts them. */
const own = ({ server, path, upstream }: Scope): Scope => ({
  server: server === null ? null : server.slice(0, 255),
  path,
  upstream: upstream === null ? null : upstream.slice(0, 255),
})
const scopeKey = (s: Scope): string => JSON.stringify([s.server, s.path, s.upstream])
const classKey = (c: Class): string => JSON.stringify([c.kind, c.sign, c.status, c.asked, c.answered_by, c.echo])

export class Dimensions {
  private readonly scopes: Dimension<Scope>
  private readonly classes: Dimension<Class>
  private readonly origins: Dimension<string>
  private readonly limits: { scopes: number; suspectScopes: number }
  /** path → server → upstream → id, and sign → classes: every event is looked up, and JSON of it takes three times as long. */
  private readonly seenScopes = new Map<string | null, Map<string | null, Map<string | null, number>>>()
  private readonly seenClasses = new Map<string, { is: Class; id: number }[]>()
  private otherId: number | null = null
  /** Of scopes that found no room. */
  private readonly onOther: (path: string | null) => void

  constructor(
    db: Db,
    limits = { scopes: MAX_SCOPES, suspectScopes: MAX_SUSPECT_SCOPES },
    onOther: (path: string | null) => void = () => {},
  ) {
    this.limits = limits
    this.onOther = onOther
    const allScopes = db.prepare<[], Scope & { id: number; key: string }>('SELECT * FROM scopes')
    this.scopes = new Dimension<Scope>(
      db.prepare(
        `INSERT INTO scopes (key, server, path, upstream) VALUES (?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET key = key RETURNING id`,
      ),
      () =>
        allScopes.all().map(({ id, key, server, path, upstream }) => ({ id, key, value: { server, path, upstream } })),
      (s) => [s.server, s.path, s.upstream],
    )
    type ClassRow = Omit<Class, 'echo'> & { id: number; key: string; echo: number }
    const allClasses = db.prepare<[], ClassRow>('SELECT * FROM classes')
    this.classes = new Dimension<Class>(
      db.prepare(
        `INSERT INTO classes (key, kind, sign, status, asked, answered_by, echo) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET key = key RETURNING id`,
      ),
      () => allClasses.all().map(({ id, key, ...value }) => ({ id, key, value: { ...value, echo: value.echo === 1 } })),
      (c) => [c.kind, c.sign, c.status, c.asked, c.answered_by, c.echo ? 1 : 0],
    )
    const allOrigins = db.prepare<[], { id: number; name: string }>('SELECT * FROM origins')
    this.origins = new Dimension<string>(
      db.prepare('INSERT INTO origins (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id'),
      () => allOrigins.all().map(({ id, name }) => ({ id, key: name, value: name })),
      () => [],
    )
  }

  reload(): void {
    this.seenScopes.clear()
    this.seenClasses.clear()
    this.otherId = null
    this.scopes.reload()
    this.classes.reload()
    this.origins.reload()
  }

  scopeId(scope: Scope): number {
    const { server, path, upstream } = scope
    const known = this.seenScopes.get(path)?.get(server)?.get(upstream)
    if (known !== undefined) return known
    const kept = own(scope)
    const key = scopeKey(kept)
    // What found no room is not remembered: there may be room later, and it could be anything.
    if (!this.scopes.has(key) && this.scopes.size >= this.limits.scopes) {
      this.onOther(path)
      return (this.otherId ??= this.scopes.id(scopeKey(OTHER), OTHER))
    }
    const id = this.scopes.id(key, kept)
    if (kept.server !== server || kept.upstream !== upstream) return id
    let servers = this.seenScopes.get(path)
    if (servers === undefined) this.seenScopes.set(path, (servers = new Map()))
    let upstreams = servers.get(server)
    if (upstreams === undefined) servers.set(server, (upstreams = new Map()))
    upstreams.set(upstream, id)
    return id
  }

  /** True for the scope of all that found no room. */
  isOther(id: number): boolean {
    return id === this.otherId
  }

  /** Null when the table is too full for one more scope that may never matter. */
  suspectScopeId(scope: Scope): number | null {
    const kept = own(scope)
    const key = scopeKey(kept)
    if (!this.scopes.has(key) && this.scopes.size >= this.limits.suspectScopes) {
      this.onOther(kept.path)
      return null
    }
    return this.scopes.id(key, kept)
  }

  classId({ kind, sign, status, asked, answered_by, echo }: Class): number {
    return this.classOf(kind, sign, status, asked, answered_by, echo)
  }

  /** The same without an object, which is one for each event. */
  classOf(
    kind: Class['kind'],
    sign: string,
    status: number | null,
    asked: Class['asked'],
    answered_by: Class['answered_by'],
    echo: boolean,
  ): number {
    let classes = this.seenClasses.get(sign)
    if (classes === undefined) this.seenClasses.set(sign, (classes = []))
    for (const { is, id } of classes) {
      const same = is.kind === kind && is.status === status && is.echo === echo
      if (same && is.asked === asked && is.answered_by === answered_by) return id
    }
    const is = { kind, sign, status, asked, answered_by, echo }
    const id = this.classes.id(classKey(is), is)
    classes.push({ is, id })
    return id
  }

  originId(name: string): number {
    return this.origins.id(name, name)
  }

  scope(id: number): Scope {
    return { ...this.scopes.value(id) }
  }

  /** All scopes and classes there are, by id. */
  allScopes(): Iterable<[number, Scope]> {
    return this.scopes.entries()
  }

  allClasses(): Iterable<[number, Class]> {
    return this.classes.entries()
  }

  class(id: number): Class {
    return this.classes.value(id)
  }

  origin(id: number): string {
    return this.origins.value(id)
  }

  get scopeCount(): number {
    return this.scopes.size
  }

  /** Ids of scopes for which `wanted` holds. */
  scopeIds(wanted: (scope: Scope) => boolean): number[] {
    return [...this.scopes.entries()].filter(([, scope]) => wanted(scope)).map(([id]) => id)
  }

  get limit(): number {
    return this.limits.scopes
  }
}
