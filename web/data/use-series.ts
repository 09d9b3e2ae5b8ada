/** The numbers of the Trends page, kept up to date. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Breakdown, Bucket, Series } from '../../server/http/wire.ts'
import { type ApiError, get } from '../api.ts'
import type { Asked } from '../routing.ts'
import { asApiError, onBuckets, pulse } from '../state.ts'
import { mergeBuckets, replacePart, staleSteps, type Frame } from './series.ts'
import { asBuckets } from './window.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

/** `from=…&to=…&step=…` */
export const queryOf = ({ from, to, step }: Frame): string =>
  `from=${encodeURIComponent(iso(from))}&to=${encodeURIComponent(iso(to))}&step=${step}`

/** `&server=…`: only one place. */
export const placeOf = (asked: Asked): string =>
  (['server', 'path', 'upstream'] as const)
    .flatMap((name) => (asked[name] === undefined ? [] : [`&${name}=${encodeURIComponent(asked[name])}`]))
    .join('')

/** A place, and what is counted as failed there. */
interface Wanted {
  place: string
  /** Of a socket's path: refused requests are handshakes, also where the log does not show that they asked for one. */
  requests: boolean
}

async function ask(frame: Frame, { place, requests }: Wanted, signal?: AbortSignal): Promise<Bucket[]> {
  if (place === '') return (await get<Series>(`series?${queryOf(frame)}`, signal)).buckets
  const events = `series?metric=events&${queryOf(frame)}${place}`
  const failed = (kind: string) => get<Breakdown>(`${events}&by=status_class&kind=${kind}`, signal)
  const [kinds, ...failures] = await Promise.all([
    get<Breakdown>(`${events}&by=kind`, signal),
    failed('handshake_failed'),
    ...(requests ? [failed('request')] : []),
  ])
  return asBuckets(kinds, ...failures)
}

/** How long changed minutes are collected before their (longer) step is read again, ms. */
const COLLECT = 2000

/** The window that is shown, which is the one before while another is being read: charts that go and come back are drawn twice
 *  and make the page jump. */
export interface ShownSeries {
  data: { frame: Frame; buckets: Bucket[] } | null
  error: ApiError | null
  /** Another window was asked for, and its numbers are on their way. */
  stale: boolean
}

interface Read {
  all: string
  frame: Frame
  buckets: Bucket[] | null
  error: ApiError | null
}

/** At one-minute step a changed minute replaces itself; longer steps, and those of one place, are sums the page cannot
 *  correct, so those that changed are read again. `key` names the window while it follows the clock; without a frame nothing is
 *  read. */
export function useSeries(frame: Frame | null, key: string, place: string, requests = false): ShownSeries {
  const read = useSignal<Read | null>(null)
  const tick = pulse.value
  const latest = useRef(frame)
  latest.current = frame
  const all = frame === null ? '' : `${key} ${place}`
  const current = (): Bucket[] | null => (read.peek()?.all === all ? (read.peek()?.buckets ?? null) : null)
  const put = (buckets: Bucket[] | null, error: ApiError | null) => {
    if (latest.current) read.value = { all, frame: latest.current, buckets, error }
  }

  useEffect(() => {
    if (frame === null) return undefined
    const gone = new AbortController()
    ask(frame, { place, requests }, gone.signal).then(
      (buckets) => put(buckets, null),
      (error: unknown) => {
        if (!gone.signal.aborted) put(current(), asApiError(error))
      },
    )
    return () => gone.abort()
  }, [all, tick])

  useEffect(() => {
    if (frame === null) return undefined
    let changed: Bucket[] = []
    let timer = 0
    const readAgain = () => {
      const stale = latest.current && staleSteps(changed, latest.current)
      changed = []
      if (!stale) return
      ask({ ...stale, step: frame.step }, { place, requests }).then(
        (buckets) => {
          const known = current()
          if (known) put(replacePart(known, buckets, stale.from, stale.to), null)
        },
        // The next pulse reads everything again and says what is wrong.
        () => undefined,
      )
    }
    const stop = onBuckets((minutes) => {
      if (frame.step === 60 && place === '') {
        const known = current()
        if (known) put(mergeBuckets(known, minutes), null)
        return
      }
      if (changed.length === 0) timer = window.setTimeout(readAgain, COLLECT)
      changed = [...changed, ...minutes]
    })
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [all])

  const found = read.value
  if (frame === null || found === null) return { data: null, error: null, stale: frame !== null }
  const stale = found.all !== all
  const data = found.buckets && { frame: stale ? found.frame : frame, buckets: found.buckets }
  return { data, error: stale ? null : found.error, stale }
}

/** An answer that belongs to an address, read again with every pulse and whenever `version` is another one; the last one
 *  stays meanwhile. Null while there is none, and when it failed: what stands beside it says why.
 *  @param keep whether the answer of another address stays until there is this one's: it must say itself what it is of */
export function useAnswer<T>(path: string | null, version = '', keep = false): T | null {
  const answer = useSignal<{ path: string; data: T } | null>(null)
  const tick = pulse.value
  useEffect(() => {
    if (path === null) return undefined
    const gone = new AbortController()
    get<T>(path, gone.signal).then(
      (data) => (answer.value = { path, data }),
      () => {
        if (!gone.signal.aborted && answer.peek()?.path !== path) answer.value = null
      },
    )
    return () => gone.abort()
  }, [path, version, tick])
  const found = answer.value
  return path !== null && found !== null && (keep || found.path === path) ? found.data : null
}
