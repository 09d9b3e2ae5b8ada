/** Who is told, how that goes, and a button that tries it. Shown where the server has alerts in its API. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get, send } from '../api.ts'
import type { AlertChannel, AlertDeliveries, AlertDelivery, Alerts, AlertTest } from '../data/alerts.ts'
import { can, paths } from '../features.ts'
import { CodeBlock } from '../parts/code.tsx'
import { Failure, Loading } from '../parts/notice.tsx'
import { Raw } from '../parts/raw.tsx'
import { When } from '../parts/when.tsx'
import { asApiError, pulse, type Loaded } from '../state.ts'
import { visible } from '../text/visible.ts'
import { plural } from '../text/words.ts'

const SETUP = `alerts:
  webhook:
    - name: phone
      url: https://receiver.example/hook`

const STATE = {
  ready: { word: 'Ready', tone: 'good' },
  waiting: { word: 'Trying again', tone: 'bad' },
  gone: { word: 'Given up', tone: 'bad' },
} as const

function Channel({ channel }: { channel: AlertChannel }) {
  const said = useSignal<string | null>(null)
  const busy = useSignal(false)
  const test = async () => {
    busy.value = true
    said.value = null
    try {
      const answer = await send<AlertTest>('POST', `alerts/test?channel=${encodeURIComponent(channel.name)}`)
      said.value = answer.delivered
        ? `It arrived${answer.took_ms === undefined ? '' : ` after ${answer.took_ms} ms`}`
        : `It did not arrive: ${answer.reason ?? `status ${answer.status ?? 'unknown'}`}`
    } catch (error) {
      said.value = asApiError(error).message
    }
    busy.value = false
  }
  const state = STATE[channel.state ?? 'ready']
  return (
    <li class="panel source">
      <div class="source-head">
        <h2>
          <Raw text={channel.name} />
        </h2>
        <span class={`badge kind-${state.tone}`}>{state.word}</span>
        <span class="muted">{visible(channel.type)}</span>
        {can('/alerts/test') && (
          <button type="button" class="button small" disabled={busy.value} onClick={() => void test()}>
            Send a test
          </button>
        )}
        <span role="status">{said.value !== null && <Raw text={said.value} />}</span>
      </div>
      {channel.reason != null && (
        <p class="hint">
          <Raw text={channel.reason} />
        </p>
      )}
      <p class="muted">
        Last delivered: <When iso={channel.last_delivered_at ?? null} none="nothing yet" />
        {channel.next_attempt_at != null && (
          <>
            ; next attempt <When iso={channel.next_attempt_at} />
          </>
        )}
      </p>
    </li>
  )
}

const Deliveries = ({ list }: { list: readonly AlertDelivery[] }) => (
  <div class="table-scroll" tabIndex={0} role="region" aria-label="Messages, newest first">
    <table>
      <thead>
        <tr>
          {['When', 'To', 'Message', 'State', 'Attempts'].map((title) => (
            <th scope="col" key={title}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {list.map((one) => (
          <tr key={one.id}>
            <td>
              <When iso={one.created_at} />
            </td>
            <td>
              <Raw text={one.channel} />
            </td>
            <td class="wrap">
              <Raw text={one.title ?? one.type} />
              {one.error != null && (
                <span class="hint">
                  {' '}
                  <Raw text={one.error} />
                </span>
              )}
            </td>
            <td>{visible(one.state)}</td>
            <td class="number">{one.attempts}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

export function AlertsPage() {
  const alerts = useSignal<Loaded<Alerts>>({ data: null, error: null })
  const sent = useSignal<AlertDelivery[]>([])
  const tick = pulse.value
  const known = paths.value
  useEffect(() => {
    if (!can('/alerts')) return
    const gone = new AbortController()
    get<Alerts>('alerts', gone.signal).then(
      (data) => (alerts.value = { data, error: null }),
      (error: unknown) => {
        if (!gone.signal.aborted) alerts.value = { data: alerts.value.data, error: asApiError(error) }
      },
    )
    if (can('/alerts/deliveries'))
      get<AlertDeliveries>('alerts/deliveries?limit=50', gone.signal).then(
        ({ deliveries }) => (sent.value = deliveries),
        // What is wrong is told above already.
        () => undefined,
      )
    return () => gone.abort()
  }, [tick, known])

  const { data, error } = alerts.value
  return (
    <>
      <h1>Alerts</h1>
      <p class="lead">Who is told when a problem opens, comes back or ends.</p>
      {error && <Failure error={error} what="The alerts" />}
      {known !== null && !can('/alerts') && (
        <div class="empty">
          <p>This server does not tell how its alerts are doing.</p>
        </div>
      )}
      {!data && !error && can('/alerts') && <Loading what="alerts" />}
      {data && data.channels.length === 0 && (
        <section class="panel">
          <h2>Nobody is told yet</h2>
          <p>A receiver is set in halfopen.yaml, and used after the next start:</p>
          <CodeBlock label="halfopen.yaml" text={SETUP} />
        </section>
      )}
      {data && data.channels.length > 0 && (
        <ul class="sources">
          {data.channels.map((channel) => (
            <Channel channel={channel} key={channel.name} />
          ))}
        </ul>
      )}
      {data && (data.rules ?? []).length > 0 && (
        <section class="panel">
          <h2>Rules, the first that matches decides</h2>
          <ol class="rules">
            {(data.rules ?? []).map((rule) => (
              <li key={rule.name}>
                <strong>
                  <Raw text={rule.name} />
                </strong>{' '}
                <span class="muted">
                  {rule.send === false
                    ? 'sends nothing'
                    : `to ${rule.channels?.map(visible).join(', ') ?? 'everybody'}`}
                  {rule.severity !== undefined && `, from ${visible(rule.severity)} on`}
                  {(rule.causes ?? []).length > 0 && `, for ${(rule.causes ?? []).map(visible).join(', ')}`}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {sent.value.length > 0 && (
        <section class="group">
          <h2>
            Messages
            {data !== null && (data.waiting ?? 0) > 0 && `, ${plural(data.waiting ?? 0, 'message')} waiting`}
            {data !== null && (data.dead ?? 0) > 0 && `, ${data.dead} given up`}
          </h2>
          <Deliveries list={sent.value} />
        </section>
      )}
    </>
  )
}
