/** The numbers of the Trends page, kept up to date. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Breakdown, Bucket, Series } from '../../server/http/wire.ts'
import { get } from '../api.ts'
import type { Asked } from '../routing.ts'
import { asApiError, onBuckets, pulse, type Loaded } from '../state.ts'
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

async function read(frame: Frame, place: string, signal?: AbortSignal): Promise<Bucket[]> {
  if (place === '') return (await get<Series>(`series?${queryOf(frame)}`, signal)).buckets
  const events = `series?metric=events&${queryOf(frame)}${place}`
  const [kinds, failed] = await Promise.all([
    get<Breakdown>(`${events}&by=kind`, signal),
    get<Breakdown>(`${events}&by=status_class&kind=handshake_failed`, signal),
  ])
  return asBuckets(kinds, failed)
}

/** How long changed minutes are collected before their (longer) step is read again, ms. */
const COLLECT = 2000

/** At one-minute step a changed minute replaces itself; longer steps, and those of one place, are sums the page cannot
 *  correct, so those that changed are read again. `key` names the window while it follows the clock. */
export function useSeries(frame: Frame, key: string, place: string): Loaded<Bucket[]> {
  const loaded = useSignal<Loaded<Bucket[]>>({ data: null, error: null })
  const tick = pulse.value
  const latest = useRef(frame)
  latest.current = frame
  const all = `${key} ${place}`

  useEffect(() => {
    loaded.value = { data: null, error: null }
  }, [all])

  useEffect(() => {
    const gone = new AbortController()
    read(frame, place, gone.signal).then(
      (data) => (loaded.value = { data, error: null }),
      (error: unknown) => {
        if (!gone.signal.aborted) loaded.value = { data: loaded.value.data, error: asApiError(error) }
      },
    )
    return () => gone.abort()
  }, [all, tick])

  useEffect(() => {
    let changed: Bucket[] = []
    let timer = 0
    const readAgain = () => {
      const stale = staleSteps(changed, latest.current)
      changed = []
      if (!stale) return
      read({ ...stale, step: frame.step }, place).then(
        (buckets) => {
          const current = loaded.peek().data
          if (current) loaded.value = { data: replacePart(current, buckets, stale.from, stale.to), error: null }
        },
        // The next pulse reads everything again and says what is wrong.
        () => undefined,
      )
    }
    const stop = onBuckets((minutes) => {
      if (frame.step === 60 && place === '') {
        const current = loaded.peek().data
        if (current) loaded.value = { data: mergeBuckets(current, minutes), error: null }
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

  return loaded.value
}

/** An answer that belongs to an address, read again with every pulse and whenever `version` is another one; the last one
 *  stays meanwhile. Null while there is none, and when it failed: what stands beside it says why. */
export function useAnswer<T>(path: string | null, version = ''): T | null {
  const answer = useSignal<{ path: string; data: T } | null>(null)
  const tick = pulse.value
  useEffect(() => {
    if (path === null) return undefined
    const gone = new AbortController()
    get<T>(path, gone.signal).then(
      (data) => (answer.value = { path, data }),
      () => undefined,
    )
    return () => gone.abort()
  }, [path, version, tick])
  const found = answer.value
  return path !== null && found?.path === path ? found.data : null
}
