/** What nothing counts any more: lines of proof beyond a bound, and places, when a flood of invented paths has filled the
 *  tables. Which places are in use is known from the days; asking every row of the minutes would take seconds. */
import type { Finding } from '../../diagnosis/contract.ts'
import type { CountColumns } from './count-columns.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import type { Extent } from './extent.ts'
import type { Proofs } from './proofs.ts'

/** Proofs outlive their events. Only when there are this many do those go that nothing counts any more. */
export const MAX_EXEMPLARS = 20_000
/** Places and scopes deleted in one step. */
const ROWS = 1000

export interface UnusedParts {
  dimensions: Dimensions
  columns: CountColumns
  proofs: Proofs
  extent: Extent
}

export class Unused {
  private readonly parts: UnusedParts
  private readonly exemplars: Statement<[], number>
  private readonly proven: Statement<[], { scope_id: number; class_id: number }>
  private readonly removeExemplars: Statement<[number, number]>
  private readonly provenScopes: Statement<[], number>
  private readonly removeScope: Statement<[number]>
  private readonly findings: Statement<[], string>
  private readonly removing: { immediate(places: readonly { scope_id: number; class_id: number }[]): void }
  private readonly removingScopes: { immediate(scopes: readonly number[]): void }

  constructor(db: Db, parts: UnusedParts) {
    this.parts = parts
    this.exemplars = db.prepare('SELECT count(*) FROM exemplars').pluck() as Statement<[], number>
    this.proven = db.prepare('SELECT DISTINCT scope_id, class_id FROM exemplars ORDER BY scope_id, class_id')
    this.removeExemplars = db.prepare('DELETE FROM exemplars WHERE scope_id = ? AND class_id = ?')
    this.provenScopes = db
      .prepare('SELECT DISTINCT scope_id FROM exemplars UNION SELECT DISTINCT scope_id FROM lifetime_exemplars')
      .pluck() as Statement<[], number>
    this.removeScope = db.prepare('DELETE FROM scopes WHERE id = ?')
    this.findings = db.prepare('SELECT finding FROM problems').pluck() as Statement<[], string>
    this.removing = db.transaction((places: readonly { scope_id: number; class_id: number }[]) => {
      for (const { scope_id, class_id } of places) this.removeExemplars.run(scope_id, class_id)
    })
    this.removingScopes = db.transaction((scopes: readonly number[]) => {
      for (const scope of scopes) this.removeScope.run(scope)
    })
  }

  /** One step. True when there may be more to do. */
  step(): boolean {
    const { dimensions, proofs } = this.parts
    const tooManyProofs = (this.exemplars.get() ?? 0) > MAX_EXEMPLARS
    const tooManyScopes = dimensions.scopeCount >= (dimensions.limit * 3) / 4
    if (!tooManyProofs && !tooManyScopes) return false
    const { places, scopes } = this.used()
    if (tooManyProofs) {
      const isOfProblem = this.ofProblems()
      const unused = this.proven
        .all()
        .filter(({ scope_id, class_id }) => !places.has(scope_id * 65_536 + class_id) && !isOfProblem(scope_id))
      const some = unused.slice(0, ROWS)
      this.removing.immediate(some)
      if (some.length > 0) proofs.reload()
      if (unused.length > ROWS) return true
    }
    if (!tooManyScopes) return false
    const proven = new Set(this.provenScopes.all())
    const unused = dimensions.scopeIds(() => true).filter((id) => !scopes.has(id) && !proven.has(id))
    const some = unused.slice(0, ROWS)
    this.removingScopes.immediate(some)
    if (some.length > 0) dimensions.reload()
    return unused.length > ROWS
  }

  private used(): { places: Set<number>; scopes: Set<number> } {
    const { columns, extent } = this.parts
    const [places, scopes] = [new Set<number>(), new Set<number>()]
    const all = extent.clamp(-Infinity, Infinity)
    for (const part of all === null ? [] : columns.read(...all, 2)) {
      for (let i = part.at; i < part.end; i++) {
        const scope = part.columns.scope[i] as number
        places.add(scope * 65_536 + (part.columns.class[i] as number))
        scopes.add(scope)
      }
    }
    return { places, scopes }
  }

  /** Whether a scope is where a problem is: its lines are kept as long as the problem. */
  private ofProblems(): (scope: number) => boolean {
    const byPath = new Map<string | null, Finding['scope'][]>()
    for (const text of this.findings.all()) {
      const { scope } = JSON.parse(text) as Partial<Finding>
      if (scope !== undefined) byPath.set(scope.path, [...(byPath.get(scope.path) ?? []), scope])
    }
    return (id) => {
      const { server, path, upstream } = this.parts.dimensions.scope(id)
      return [...(byPath.get(path) ?? []), ...(path === null ? [] : (byPath.get(null) ?? []))].some(
        (of) => (of.server === null || of.server === server) && (of.upstream === null || of.upstream === upstream),
      )
    }
  }
}
