/** What the page knows. Signals: whoever reads one is drawn again when it changes. */
import { computed, signal } from '@preact/signals'
import type { Bucket, EventRow, Problem, Problems, Sources, StreamMessages } from '../server/http/wire.ts'
import { ApiError, get } from './api.ts'
import type { Connection } from './connection.ts'
import { mergeEvents } from './data/events.ts'
import { isLoud, isNow, upsert } from './data/rank.ts'
import { hrefTo, parseHash, type Route } from './routing.ts'
import type { Message } from './stream.ts'

/** Something read from the API: the last good answer stays while a newer one fails. */
export interface Loaded<T> {
  data: T | null
  error: ApiError | null
}
const nothing = <T>() => signal<Loaded<T>>({ data: null, error: null })

export const route = signal(parseHash(location.hash))
window.addEventListener('hashchange', () => (route.value = parseHash(location.hash)))

/** Goes there without a step in the history: what is typed letter by letter should not be undone letter by letter. */
export function replaceRoute(to: Route): void {
  history.replaceState(null, '', hrefTo(to))
  route.value = to
}

/** The clock everything relative is told by, epoch ms. */
export const now = signal(Date.now())
setInterval(() => (now.value = Date.now()), 10_000)

export const connection = signal<Connection>({ state: 'connecting', failures: 0 })
/** Grows whenever pages should read their data again: a poll, or a stream that came back. */
export const pulse = signal(0)
export const server = signal<StreamMessages['hello'] | null>(null)
/** True when the server was upgraded under this page. */
export const outdated = signal(false)

export const problems = nothing<Problems>()
export const sources = nothing<Sources>()
export const happeningNow = computed(
  () => problems.value.data?.problems.filter((p) => isNow(p) && isLoud(p)).length ?? 0,
)
/** Problems that came in while the page was open; their rows are marked once. */
export const arrived = signal<ReadonlySet<string>>(new Set())

/** Every row known, newest first. `held` keeps what came in while the list stood still. */
export const events = signal<EventRow[] | null>(null)
export const held = signal<EventRow[]>([])
export const paused = signal(false)

type BucketListener = (changed: Bucket[]) => void
const bucketListeners = new Set<BucketListener>()
/** Calls back with changed minutes until the returned function is called. */
export function onBuckets(listener: BucketListener): () => void {
  bucketListeners.add(listener)
  return () => bucketListeners.delete(listener)
}

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('page', String(error), 'Reload the page.')

async function load<T>(into: { value: Loaded<T> }, path: string): Promise<void> {
  try {
    into.value = { data: await get<T>(path), error: null }
  } catch (error) {
    into.value = { data: into.value.data, error: asApiError(error) }
    throw error
  }
}

/** Problems and sources, always; pages follow `pulse` for the rest. */
export async function refresh(): Promise<void> {
  const results = await Promise.allSettled([load(problems, 'problems'), load(sources, 'sources')])
  now.value = Date.now()
  pulse.value += 1
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw asApiError(failed.reason)
}

let waiting: EventRow[] = []
/** A busy log sends hundreds of lines a second; the list is drawn four times. */
function flushEvents(): void {
  if (paused.value) held.value = mergeEvents(held.value, waiting)
  else events.value = mergeEvents(events.value ?? [], waiting)
  waiting = []
}

export function resume(): void {
  events.value = mergeEvents(events.value ?? [], held.value)
  held.value = []
  paused.value = false
}

function takeProblem(problem: Problem): void {
  const { data, error } = problems.value
  if (!data) return
  const known = data.problems.find(({ id }) => id === problem.id)
  if (!known || (!isNow(known) && isNow(problem))) arrived.value = new Set([...arrived.value, problem.id])
  problems.value = { data: { ...data, problems: upsert(data.problems, problem) }, error }
}

export function take(message: Message): void {
  switch (message.name) {
    case 'hello':
      if (server.value && server.value.version !== message.data.version) outdated.value = true
      server.value = message.data
      return
    case 'problem':
      return takeProblem(message.data)
    case 'source': {
      const { data, error } = sources.value
      if (!data) return
      const others = data.sources.filter(({ path }) => path !== message.data.path)
      const all = [...others, message.data].sort((a, b) => (a.path < b.path ? -1 : 1))
      sources.value = { data: { ...data, sources: all }, error }
      return
    }
    case 'event':
      if (waiting.length === 0) setTimeout(flushEvents, 250)
      waiting.push(message.data)
      return
    case 'series':
      for (const listener of bucketListeners) listener(message.data)
  }
}
