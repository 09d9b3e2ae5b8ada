/** Pages live in the URL's hash, so that a link to one works below any path and survives a reload. */
import { RANGES, type RangeId } from './data/series.ts'

/** Choices of a page that are in its address, by name; absent where nothing was chosen. */
export type Asked = Partial<Record<string, string>>

export type Route =
  | { page: 'problems'; asked?: Asked }
  | { page: 'problem'; id: string }
  /** `to` is the end of the window (ISO 8601); null follows the clock. With `asked.from` the window is neither of RANGES. */
  | { page: 'trends'; range: RangeId; to: string | null; asked?: Asked }
  | { page: 'live'; asked?: Asked }
  | { page: 'sources' }
  | { page: 'config'; asked?: Asked }
  | { page: 'analyze' }
  | { page: 'alerts' }
  | { page: 'settings' }
  | { page: 'unknown'; hash: string }

/** What each page takes from its address; anything else in it is left out. */
const ASKED = {
  problems: ['q', 'state', 'severity', 'host', 'source'],
  trends: ['from', 'server', 'path', 'upstream', 'compare'],
  live: ['q'],
  config: ['url'],
} as const

const LONGEST = 500

function askedOf(page: keyof typeof ASKED, query: URLSearchParams): { asked?: Asked } {
  const found = ASKED[page].flatMap((name) => {
    const value = query.get(name)?.slice(0, LONGEST) ?? ''
    return value === '' ? [] : [[name, value]]
  })
  return found.length === 0 ? {} : { asked: Object.fromEntries(found) as Asked }
}

/** `?q=…`, or nothing. In the order of ASKED, so that the same choice has one address. */
function queryOf(page: keyof typeof ASKED, asked: Asked | undefined, first = ''): string {
  const chosen = ASKED[page].flatMap((name) => {
    const value = asked?.[name]
    return value === undefined || value === '' ? [] : [`${name}=${encodeURIComponent(value)}`]
  })
  const all = [...(first === '' ? [] : [first]), ...chosen]
  return all.length === 0 ? '' : `?${all.join('&')}`
}

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
  const asked = new URLSearchParams(query)
  switch (page) {
    case '':
    case 'problems':
      return { page: 'problems', ...askedOf('problems', asked) }
    case 'trends': {
      const range = asked.get('range')
      const to = asked.get('to')
      return {
        page: 'trends',
        range: isRange(range) ? range : DEFAULT_RANGE,
        to: to !== null && Number.isFinite(Date.parse(to)) ? new Date(to).toISOString() : null,
        ...askedOf('trends', asked),
      }
    }
    case 'live':
    case 'config':
      return { page, ...askedOf(page, asked) }
    case 'sources':
    case 'analyze':
    case 'alerts':
    case 'settings':
      return { page }
    default:
      return { page: 'unknown', hash }
  }
}

/** The hash of a route; `parseHash` reads it back. */
export function hrefTo(route: Route): string {
  switch (route.page) {
    case 'problems':
      return `#/${queryOf('problems', route.asked)}`
    case 'problem':
      return `#/problems/${encodeURIComponent(route.id)}`
    case 'trends':
      return `#/trends${queryOf(
        'trends',
        route.asked,
        `range=${route.range}${route.to === null ? '' : `&to=${encodeURIComponent(route.to)}`}`,
      )}`
    case 'live':
    case 'config':
      return `#/${route.page}${queryOf(route.page, route.asked)}`
    case 'unknown':
      return route.hash
    default:
      return `#/${route.page}`
  }
}
