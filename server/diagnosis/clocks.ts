/** The evidence of several inputs, brought to one clock before it is merged. Zones of stamps that have none are assumed;
 *  where that makes the logs of one incident tell of it at different times, the assumption was wrong. */
import { solveOffset, type Solution } from './clock-offset.ts'
import { doubt, listed, tell, type Clocked } from './clock-texts.ts'
import { tracksOf, type Track } from './clock-tracks.ts'
import type { Evidence, InputSummary, Observation } from './contract.ts'
import { merge } from './evidence.ts'

interface Part extends Clocked {
  key: string
  clock: 'known' | 'assumed' | 'mixed'
}

/** What parts may hold together, in observations and suspects. Further inputs go into one part that is not moved, so that
 *  memory does not grow with their number. */
const MAX_HELD = 50_000

export class Clocks {
  private readonly parts = new Map<string, Part>()
  private held = 0

  /** Takes over the evidence of one input. Its summary is completed by `settle`. */
  add(input: InputSummary, evidence: Evidence): void {
    const clock = clockOf(evidence)
    // Rotated files of one log were written by one program.
    let key = clock === 'assumed' ? `assumed ${familyOf(input.path)}` : clock
    const size = evidence.observations.size + evidence.suspects.size
    if (!this.parts.has(key) && this.held + size > MAX_HELD) key = 'mixed'
    this.held += size
    const part = this.parts.get(key)
    if (part === undefined)
      this.parts.set(key, { key, clock: key === 'mixed' ? 'mixed' : clock, inputs: [input], evidence })
    else {
      part.inputs.push(input)
      merge(part.evidence, evidence)
    }
  }

  /** All of it as one evidence; null when nothing was added. `given`: the user named the zone. His word stands, and what
   *  speaks against it is told. Otherwise the times of a log without a zone move to where they meet the others'. */
  settle(given: boolean): Evidence | null {
    const parts = [...this.parts.values()]
    if (parts.length > 1) align(parts, given)
    const [first, ...others] = parts
    if (first === undefined) return null
    for (const { evidence } of others) merge(first.evidence, evidence)
    return first.evidence
  }
}

function align(parts: readonly Part[], given: boolean): void {
  let waiting = parts.filter(({ clock }) => clock === 'assumed').sort((a, b) => compare(a.key, b.key))
  const settled = parts.filter((part) => !waiting.includes(part))
  if (settled.every((part) => tracksOf(part.evidence, zoneOf(part), null).length === 0)) {
    // No clock is certain: the others are brought to that of nginx, and then the report is at least of one clock.
    const anchor = waiting.filter(({ evidence }) => tracksOf(evidence, null, null).length > 0).sort(byRank)[0]
    if (anchor === undefined) return
    waiting = waiting.filter((part) => part !== anchor)
    settled.push(anchor)
  }
  // A log that meets none of the first may meet one that has been moved to them.
  for (let found = true; found && waiting.length > 0;) {
    const round = waiting.map((part) => solve(part, settled))
    const done = round.filter(({ solution: { kind } }) => kind === 'fits' || kind === 'solved')
    found = done.length > 0
    // Named before anything is moved: those of this round were not compared with each other.
    const told = done.map((one) => ({ ...one, partners: partnersOf(one) }))
    for (const { part, solution, partners } of told) {
      if (solution.kind === 'solved') tell(part, solution, partners, given)
      if (solution.kind === 'fits' || !given) settled.push(part)
    }
    waiting = waiting.filter((part) => !done.some((one) => one.part === part))
    if (!found)
      for (const { part, solution } of round) if (solution.kind === 'doubtful') doubt(part, solution.joined, given)
  }
}

interface Solved {
  part: Part
  solution: Solution
  own: Track[]
  others: { part: Part; tracks: Track[] }[]
}

function solve(part: Part, settled: readonly Part[]): Solved {
  const own = tracksOf(part.evidence, null, null)
  const paths = new Set(own.map(({ path }) => path))
  const others = settled.map((other) => ({ part: other, tracks: tracksOf(other.evidence, zoneOf(other), paths) }))
  return {
    part,
    own,
    others,
    solution: solveOffset(
      own,
      others.flatMap(({ tracks }) => tracks),
    ),
  }
}

/** Of an input in which some stamps have a zone only those can be trusted. */
const zoneOf = ({ clock }: Part): 'known' | null => (clock === 'mixed' ? 'known' : null)

/** The inputs whose events are met. */
function partnersOf({ own, others, solution }: Solved): string {
  if (solution.kind !== 'solved') return ''
  const { offset } = solution
  const met = others.filter(({ tracks }) =>
    tracks.some((theirs) =>
      own.some(
        (mine) =>
          (theirs.path === null || mine.path === null || theirs.path === mine.path) &&
          [...mine.minutes.keys()].some((minute) => theirs.minutes.has(minute + offset)),
      ),
    ),
  )
  return listed((met.length > 0 ? met : others).flatMap(({ part }) => part.inputs.map(({ path }) => path)))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** nginx's own logs are the better clock: an application in a container mostly has another zone than its host. */
const byRank = (a: Part, b: Part): number => rank(a) - rank(b) || compare(a.key, b.key)
const rank = ({ evidence: { formats, status } }: Part): number =>
  status.size > 0 ? 0 : formats.has('nginx-error') ? 1 : 2

/** What the stamps of an input had. Access logs have a zone, whether or not they hold an event that says so. */
function clockOf({ observations, status }: Evidence): Part['clock'] {
  const zones = new Set<Observation['zone']>()
  for (const { zone } of observations.values()) zones.add(zone)
  if (zones.has('assumed')) return zones.has('known') ? 'mixed' : 'assumed'
  return zones.has('known') || status.size > 0 ? 'known' : 'assumed'
}

/** `/var/log/nginx/error.log.2.gz`, `error.log-20261121.gz` → `/var/log/nginx/error.log`. */
function familyOf(path: string): string {
  return path.replace(/\.(?:gz|zst|bz2|xz)$/, '').replace(/(?:\.\d{1,3}|[.-]\d{8}(?:-\d{1,10})?)$/, '')
}
