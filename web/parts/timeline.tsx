/** One problem over time: what happened at its place, when nginx was reloaded or its configuration changed, and whether that
 *  made a difference. */
import { useSignal } from '@preact/signals'
import type { Problem } from '../../server/http/wire.ts'
import { CHARTS } from '../charts/definitions.ts'
import { joinRates, ratesAround, type Rate } from '../data/rates.ts'
import { fillSteps, frameOf, type Frame } from '../data/series.ts'
import { useMarks } from '../data/use-marks.ts'
import { placeOf, useSeries } from '../data/use-series.ts'
import { hrefTo, type Asked } from '../routing.ts'
import { now } from '../state.ts'
import { count, plural, share } from '../text/words.ts'
import { CountsChart } from './trend-charts.tsx'
import { When } from './when.tsx'

const HOUR = 3_600_000

/** The step in which something changed, by the minute: what came just before the change is what it was made for. */
function closeUp(turn: number | null, { step }: Frame): Frame | null {
  if (turn === null) return null
  const width = step * 1000
  const from = Math.floor(turn / width) * width
  return { from, to: from + width, step: 60 }
}

function rateWords({ failed, ok, hours }: Rate): string {
  // The step of the change itself belongs to neither side.
  if (hours === 0) return 'too short a time to tell'
  if (failed === 0 && ok === 0) return 'nothing happened here'
  const short = hours < 1 ? ` in ${Math.max(1, Math.round(hours * 60))} min` : ''
  const failures = failed === 0 ? 'no failure' : plural(failed, 'failure')
  const often = `${failures}${short || failed === 0 ? short : `, ${Number((failed / hours).toPrecision(2))} an hour`}`
  return ok === 0
    ? `${often}, no handshake succeeded`
    : `${often}; ${count(ok)} succeeded (${share(failed, failed + ok)} failed)`
}

export function Timeline({ problem }: { problem: Problem }) {
  const { finding, state } = problem
  const open = useSignal(false)
  const last = finding.last_seen === null ? null : Date.parse(finding.last_seen)
  // Of history the window that holds its end, and a little more to show that it stopped.
  const end = state === 'imported' && last !== null ? Math.min(now.value, last + HOUR) : now.value
  const frame = frameOf('24h', end)
  const asked: Asked = {
    ...(finding.scope.server === null ? {} : { server: finding.scope.server }),
    ...(finding.scope.path === null ? {} : { path: finding.scope.path }),
  }
  const place = placeOf(asked)
  const ofSocket = finding.scope.path !== null
  const { data } = useSeries(frame, `problem ${state === 'imported' ? end : ''}`, place, ofSocket)
  const marks = useMarks(frame)
  const { changed, reloads } = marks
  const turn = changed ?? reloads.at(-1) ?? null
  const near = closeUp(turn, frame)
  const close = useSeries(near, `turn ${turn}`, place, ofSocket)
  if (!data || place === '') return null
  const buckets = fillSteps(data.buckets, data.frame)
  const charts = CHARTS.filter((chart) => chart.layers(buckets).length > 0)
  if (charts.length === 0) return null
  const rates = turn === null ? null : ratesAround(buckets, frame.step, turn, now.value)
  if (turn !== null && rates !== null && close.data !== null) {
    const minutes = ratesAround(fillSteps(close.data.buckets, close.data.frame), 60, turn, now.value)
    rates.before = joinRates(rates.before, minutes.before)
    rates.after = joinRates(rates.after, minutes.after)
  }
  return (
    <section class="panel timeline">
      <h2>Over time</h2>
      {turn !== null && rates !== null && (
        <dl class="facts">
          <div class="wide">
            <dt>
              Before {changed === null ? 'the last reload or restart' : 'the configuration changed'},{' '}
              <When iso={new Date(turn).toISOString()} />
            </dt>
            <dd>{rateWords(rates.before)}</dd>
          </div>
          <div class="wide">
            <dt>Since then</dt>
            <dd>{rateWords(rates.after)}</dd>
          </div>
        </dl>
      )}
      <details onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary>The last 24 hours at this place</summary>
        {open.value &&
          charts.map((definition) => (
            <CountsChart
              key={definition.id}
              definition={definition}
              buckets={buckets}
              frame={frame}
              previous={null}
              marks={marks.all}
              onZoom={(from, to) => {
                const iso = (ms: number) => new Date(ms).toISOString()
                location.hash = hrefTo({
                  page: 'trends',
                  range: '24h',
                  to: iso(to),
                  asked: { ...asked, from: iso(from) },
                })
              }}
            />
          ))}
      </details>
    </section>
  )
}
