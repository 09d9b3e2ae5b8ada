/** One problem over time: what happened at its place, when nginx was reloaded or its configuration changed, and whether that
 *  made a difference. */
import { useSignal } from '@preact/signals'
import type { Problem } from '../../server/http/wire.ts'
import { CHARTS } from '../charts/definitions.ts'
import { ratesAround, type Rate } from '../data/rates.ts'
import { fillSteps, frameOf } from '../data/series.ts'
import { useMarks } from '../data/use-marks.ts'
import { placeOf, useSeries } from '../data/use-series.ts'
import { hrefTo, type Asked } from '../routing.ts'
import { now } from '../state.ts'
import { count, plural, share } from '../text/words.ts'
import { CountsChart } from './trend-charts.tsx'
import { When } from './when.tsx'

const HOUR = 3_600_000

function rateWords({ failed, ok, hours }: Rate): string {
  // The step of the change itself belongs to neither side.
  if (hours === 0) return 'too short a time to tell'
  if (failed === 0 && ok === 0) return 'nothing happened here'
  const perHour = failed / hours
  const often = failed === 0 ? 'no failure' : `${plural(failed, 'failure')}, ${Number(perHour.toPrecision(2))} an hour`
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
  const { data } = useSeries(frame, `problem ${state === 'imported' ? end : ''}`, place)
  const marks = useMarks(frame)
  if (!data || place === '') return null
  const buckets = fillSteps(data.buckets, data.frame)
  const charts = CHARTS.filter((chart) => chart.layers(buckets).length > 0)
  if (charts.length === 0) return null
  const { changed, reloads } = marks
  const turn = changed ?? reloads.at(-1) ?? null
  const rates = turn === null ? null : ratesAround(buckets, frame.step, turn)
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
