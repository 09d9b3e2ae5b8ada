/** What a message says to a person, in parts that each channel writes in its own way. Nothing here is longer than a
 *  screen, and nothing but the snippet has more than one line. */
import { fit, manyLines, oneLine } from './fit.ts'
import type { Body, Notice, ToldProblem, ToldSource } from './message.ts'

export type Severity = ToldProblem['severity']

export interface Card {
  /** The same for the beginning and the end of one thing. */
  key: string
  status: 'firing' | 'resolved' | 'info'
  severity: Severity
  title: string
  /** Host and path, a log, or how many. */
  place: string
  upstream: string | null
  cause: string | null
  count: number | null
  /** ISO 8601. */
  since: string | null
  /** Why it is told now, or how it ended; one sentence. */
  note: string | null
  /** One masked line of a log. */
  evidence: string | null
  /** What to change, and where. */
  change: string | null
  snippet: string | null
  url: string | null
}

/** @param now epoch ms; a message that was long on its way says so. */
export function cardOf({ body, created_at }: Notice, now: number): Card {
  const card = fromBody(body)
  const late = lateness(now - created_at)
  return late === null ? card : { ...card, note: card.note === null ? late : `${card.note} (${late})` }
}

/** One for each thing that is told, for receivers that take several. */
export function cardsOf(notice: Notice, now: number): Card[] {
  const { problems } = notice.body.data
  return problems === undefined ? [cardOf(notice, now)] : problems.map((told) => ofProblem(told.type, told))
}

function fromBody({ type, data }: Body): Card {
  if (data.problem) return ofProblem(type, data.problem)
  if (data.problems) return ofGroup(data.problems, data.more ?? 0)
  if (data.source) return ofSource(type, data.source)
  return {
    ...NOTHING,
    key: 'test',
    status: 'info',
    severity: 'info',
    title: 'Test message',
    place: 'halfopen',
    note: data.text === undefined ? null : line(data.text, 300),
  }
}

const NOTHING = {
  upstream: null,
  cause: null,
  count: null,
  since: null,
  note: null,
  evidence: null,
  change: null,
  snippet: null,
  url: null,
} as const

const line = (text: string, most: number): string => fit(oneLine(text).trim(), most)

function ofProblem(type: Body['type'], told: ToldProblem): Card {
  const { scope, fix, evidence } = told
  const where = fix.target === null ? '' : ` (${fix.target.file}:${fix.target.line})`
  const resolved = type === 'problem.resolved'
  return {
    key: told.id,
    status: resolved ? 'resolved' : 'firing',
    severity: told.severity,
    title: line(told.title, 200) || 'A problem',
    place: line(`${scope.server ?? ''}${scope.path ?? ''}`, 200) || 'any host',
    upstream: scope.upstream === null ? null : line(scope.upstream, 100),
    cause: told.cause,
    count: told.count,
    since: told.first_seen ?? told.opened_at,
    note: resolved ? line(told.resolution ?? 'not seen again', 300) : noteOf(type, told.reason),
    evidence: evidence === null ? null : line(evidence.text, 500),
    change: resolved ? null : line(`${fix.summary}${where}`, 500),
    snippet: resolved || fix.snippet === null ? null : fit(manyLines(fix.snippet), 1200),
    url: told.url,
  }
}

const NOTES: Readonly<Record<string, string>> = {
  'came-back': 'It is back.',
  'cooldown-over': 'It goes on.',
  'quiet-hours-over': 'It began in quiet hours.',
  'maintenance-over': 'It outlasted the maintenance.',
  'far-above-usual': 'It happens far more often than usual.',
}
const noteOf = (type: Body['type'], reason: string): string | null =>
  NOTES[reason] ?? (type === 'problem.reminder' ? 'It is still there.' : null)

function ofSource(type: Body['type'], { path, text, since, url }: ToldSource): Card {
  const back = type === 'source.recovered'
  const title = back ? 'A log is read again' : type === 'source.silent' ? 'A log fell silent' : 'A log cannot be read'
  return {
    ...NOTHING,
    key: `source:${path}`,
    status: back ? 'resolved' : 'firing',
    severity: 'warning',
    title,
    place: line(path, 200),
    since,
    note: line(text, 300),
    url,
  }
}

/** Names in a group. */
const NAMED = 5

function ofGroup(told: readonly (ToldProblem & { type: Body['type'] })[], more: number): Card {
  const cards = told.map((one) => ofProblem(one.type, one))
  const firing = cards.filter(({ status }) => status === 'firing')
  const all = told.length + more
  const names = cards.slice(0, NAMED).map((card) => {
    const over = card.status === 'resolved' ? ' (over)' : ''
    return `${fit(card.place, 60)}: ${fit(card.title, 80)}${over}`
  })
  const rest = all - names.length
  const [worst] = (firing.length > 0 ? firing : cards).toSorted((a, b) => RANK[a.severity] - RANK[b.severity])
  return {
    ...NOTHING,
    key: 'group',
    status: firing.length > 0 ? 'firing' : 'resolved',
    severity: worst?.severity ?? 'warning',
    title: firing.length > 0 ? `${all} problems at once` : `${all} problems are over`,
    place: names.join('; ') + (rest > 0 ? `; and ${rest} more` : ''),
    count: all,
    evidence: worst?.evidence ?? null,
    change: worst?.change ?? null,
    url: worst?.url?.replace(/\/#\/.*$/s, '/') ?? null,
  }
}
const RANK = { critical: 0, error: 1, warning: 2, info: 3 } as const

function lateness(ms: number): string | null {
  if (ms < 5 * 60_000) return null
  const minutes = Math.round(ms / 60_000)
  return `delayed by ${minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`}`
}

const STATUS = { firing: '', resolved: 'Over: ', info: '' } as const
/** Title with what became of it. */
export const headline = ({ status, title }: Card): string => `${STATUS[status]}${title}`
/** `3 times since 2026-11-21 11:50 UTC` */
export function frequency({ count, since, key }: Card): string | null {
  if (count === null && since === null) return null
  const times = count === null || key === 'group' ? '' : `${count} ${count === 1 ? 'time' : 'times'}`
  const from = since === null ? '' : `since ${since.slice(0, 16).replace('T', ' ')} UTC`
  return `${times}${times && from ? ' ' : ''}${from}` || null
}

/** The parts that are there, with their names, in the order of interest. */
export function facts(card: Card): [name: string, value: string][] {
  const all: [string, string | null][] = [
    ['Where', card.place],
    ['Backend', card.upstream],
    ['How often', frequency(card)],
    ['Note', card.note],
    ['Evidence', card.evidence],
    ['Change', card.change],
  ]
  return all.flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value]]))
}
