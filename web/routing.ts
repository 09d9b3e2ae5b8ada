/** Pages live in the URL's hash, so that a link to one works below any path and survives a reload. */
import { RANGES, type RangeId } from './data/series.ts'

export type Route =
  | { page: 'problems' }
  | { page: 'problem'; id: string }
  /** `to` is the end of the window (ISO 8601); null follows the clock. */
  | { page: 'trends'; range: RangeId; to: string | null }
  | { page: 'live' }
  | { page: 'sources' }
  | { page: 'unknown'; hash: string }

export const DEFAULT_RANGE: RangeId = '24h'

const isRange = (value: string | null): value is RangeId => value !== null && Object.hasOwn(RANGES, value)

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** `#/trends?range=6h` → a route. A hash nobody made here becomes `unknown`, never an exception. */
export function parseHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [page = '', id = '', ...rest] = path.split('/')
  if (rest.length > 0) return { page: 'unknown', hash }
  if (page === 'problems' && id !== '') {
    const name = decoded(id)
    return name === null ? { page: 'unknown', hash } : { page: 'problem', id: name }
  }
  if (id !== '') return { page: 'unknown', hash }
  switch (page) {
    case '':
    case 'problems':
      return { page: 'problems' }
    case 'trends': {
      const asked = new URLSearchParams(query)
      const range = asked.get('range')
      const to = asked.get('to')
      return {
        page: 'trends',
        range: isRange(range) ? range : DEFAULT_RANGE,
        to: to !== null && Number.isFinite(Date.parse(to)) ? new Date(to).toISOString() : null,
      }
    }
    case 'live':
    case 'sources':
      return { page }
    default:
      return { page: 'unknown', hash }
  }
}

/** The hash of a route; `parseHash` reads it back. */
export function hrefTo(route: Route): string {
  switch (route.page) {
    case 'problems':
      return '#/'
    case 'problem':
      return `#/problems/${encodeURIComponent(route.id)}`
    case 'trends':
      return `#/trends?range=${route.range}${route.to === null ? '' : `&to=${encodeURIComponent(route.to)}`}`
    case 'unknown':
      return route.hash
    default:
      return `#/${route.page}`
  }
}
