/** What each cause makes of an evidence, those that see nothing in it included: for `halfopen explain`, where the evidence is
 *  one line. */
import { allCauses } from './causes/index.ts'
import { confidence } from './cause.ts'
import type { Alternative, ConfigView, Evidence } from './contract.ts'
import { inspect } from './view.ts'

export interface Considered {
  cause: string
  /** Null: the evidence has nothing that this cause weighs. */
  confidence: number | null
  because: string[]
  against: string[]
  alternatives: Alternative[]
}

/** Every cause once, the likeliest first; of several places the likeliest speaks. */
export function consider(evidence: Evidence, config: ConfigView | null): Considered[] {
  const view = inspect(evidence)
  const all = allCauses().map((cause): Considered => {
    const [best] = cause.weigh(view, config).sort((a, b) => confidence(b) - confidence(a))
    if (best === undefined) return { cause: cause.id, confidence: null, because: [], against: [], alternatives: [] }
    return {
      cause: cause.id,
      confidence: confidence(best),
      because: best.for.map(({ text }) => text),
      against: best.against.map(({ text }) => text),
      alternatives: [...(best.alternatives ?? [])],
    }
  })
  return all.sort((a, b) => (b.confidence ?? -1) - (a.confidence ?? -1))
}
