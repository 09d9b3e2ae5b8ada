/** What speaks for scanners, crawlers and monitors behind requests that do not tell whether an upgrade was asked for. */
import { onlyBrowsers, withoutBrowser } from './agents.ts'
import type { Reason } from './cause.ts'
import type { Observation, Scope } from './contract.ts'
import { clientsOf, countOf } from './group.ts'
import { comesAgain } from './rhythm.ts'
import type { View } from './view.ts'

/** One address that asks for so many paths that are not there looks for what a site may have. */
const ODD_PATHS = 3
/** From so many requests on it is told whether somebody comes back. */
const SEVERAL = 6

/** Reasons against, for failures at a place to which nobody is known to come back soon.
 *  @param failures what is counted @param answers lines of access logs about the same requests: those have an agent */
export function scanned(
  scope: Scope,
  failures: readonly Observation[],
  answers: readonly Observation[],
  view: View,
): Reason[] {
  const reasons: Reason[] = []
  if (withoutBrowser(answers))
    reasons.push({ weight: 0.45, text: 'scanners, crawlers or monitors asked, by their agent, and no browser did' })
  if (countOf(failures) >= SEVERAL && comesAgain(failures) === false && onceEach(failures))
    reasons.push({
      // Where all are browsers it may be a page that tries once a visit.
      weight: onlyBrowsers(answers) ? 0.15 : 0.4,
      text: 'those who asked did not come back soon after, as a page does that cannot open its socket',
    })
  const clients = new Set([...failures, ...answers].flatMap((o) => [...o.clients]))
  const probing = [...clients].filter((client) => oddPaths(client, scope, view) >= ODD_PATHS)
  if (probing.length > 0 && probing.length * 2 >= clients.size)
    reasons.push({ weight: 0.4, text: 'the same addresses asked for other paths that are not there either' })
  return reasons
}

/** Of more addresses than are kept (8) it is not known. */
const onceEach = (failures: readonly Observation[]): boolean =>
  clientsOf(failures) >= 8 || countOf(failures) < 2 * clientsOf(failures)

/** Other paths without anything there that this client was seen to ask for. */
function oddPaths(client: string, scope: Scope, view: View): number {
  const paths = askedBy(view).get(client)
  return paths === undefined ? 0 : paths.size - (paths.has(scope.path) ? 1 : 0)
}

/** By client, made once: scanners invent thousands of places, and each of them asks. */
const ASKED = new WeakMap<View, Map<string, Set<string | null>>>()

function askedBy(view: View): Map<string, Set<string | null>> {
  const known = ASKED.get(view)
  if (known !== undefined) return known
  const found = new Map<string, Set<string | null>>()
  const see = ({ clients, scope: { path } }: Pick<Observation, 'clients' | 'scope'>): void => {
    for (const client of clients) {
      const paths = found.get(client)
      if (paths === undefined) found.set(client, new Set([path]))
      else paths.add(path)
    }
  }
  for (const suspect of view.evidence.suspects.values()) if (suspect.status === 404) see(suspect)
  // A server of sockets alone answers 426 to whatever is asked for.
  for (const o of view.evidence.observations.values()) if (o.sign === 'handshake-426') see(o)
  ASKED.set(view, found)
  return found
}
