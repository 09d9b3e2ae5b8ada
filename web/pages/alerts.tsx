/** Who is told, how that goes, and a button that tries it. Shown where the server has alerts in its API. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { AlertChannel, AlertRule, Alerts, AlertTest } from '../../server/http/wire.ts'
import { get, send } from '../api.ts'
import { can, paths } from '../features.ts'
import { Preview } from '../parts/alert-preview.tsx'
import { CodeBlock } from '../parts/code.tsx'
import { Deliveries } from '../parts/deliveries.tsx'
import { Failure, Loading } from '../parts/notice.tsx'
import { Raw } from '../parts/raw.tsx'
import { When } from '../parts/when.tsx'
import { asApiError, pulse, type Loaded } from '../state.ts'
import { ALERT_SETUP } from '../text/alert-setup.ts'
import { visible } from '../text/visible.ts'
import { age, SEVERITY } from '../text/words.ts'

const STATE = {
  ready: { word: 'Ready', tone: 'good' },
  waiting: { word: 'Trying again', tone: 'bad' },
  refused: { word: 'Last one given up', tone: 'bad' },
  gone: { word: 'Given up', tone: 'bad' },
} as const

function answerWords({ delivered, status, reason, took_ms }: AlertTest): string {
  const answered = status === null ? '' : `, answered ${status}`
  return delivered ? `It arrived after ${took_ms} ms${answered}` : `It did not arrive: ${reason ?? 'no answer'}`
}

function Channel({ channel, onTested }: { channel: AlertChannel; onTested: () => void }) {
  const said = useSignal<{ text: string; ok: boolean } | null>(null)
  const busy = useSignal(false)
  const test = async () => {
    busy.value = true
    said.value = null
    try {
      const answer = await send<AlertTest>('POST', `alerts/test?channel=${encodeURIComponent(channel.name)}`)
      said.value = { text: answerWords(answer), ok: answer.delivered }
      onTested()
    } catch (error) {
      said.value = { text: asApiError(error).message, ok: false }
    }
    busy.value = false
  }
  const state = STATE[channel.state]
  return (
    <li class="panel source">
      <div class="source-head">
        <h2>
          <Raw text={channel.name} />
        </h2>
        <span class={`badge kind-${state.tone}`}>{state.word}</span>
        <span class="muted">{visible(channel.type)}</span>
      </div>
      {channel.reason !== null && (
        <p class="hint">
          <Raw text={channel.reason} />
        </p>
      )}
      <p class="muted">
        Last delivered: <When iso={channel.last_delivered_at} none="nothing yet" />
        {channel.next_attempt_at !== null && (
          <>
            ; next attempt <When iso={channel.next_attempt_at} />
          </>
        )}
      </p>
      {can('/alerts/test') && (
        <div class="toolbar channel-test">
          <button type="button" class="button small" disabled={busy.value} onClick={() => void test()}>
            {busy.value ? 'Sending …' : 'Send a test'}
          </button>
          <span role="status" class={said.value?.ok === false ? 'said-bad' : undefined}>
            {said.value !== null && <Raw text={said.value.text} />}
          </span>
        </div>
      )}
    </li>
  )
}

/** A rule as a sentence. Of several values any will do. */
function ruleWords(rule: AlertRule): string {
  const places = [rule.host, rule.path, rule.upstream].filter((part) => part !== null)
  const parts = [
    rule.send ? `to ${rule.channels?.join(', ') ?? 'everybody'}` : 'tells nobody',
    `from ${SEVERITY[rule.severity].toLowerCase()} on`,
    ...(rule.causes.length > 0 ? [`for ${rule.causes.join(', ')}`] : []),
    ...(rule.kinds.length > 0 ? [`when ${rule.kinds.join(', ')}`] : []),
    ...(places.length > 0 ? [`at ${places.join(' ')}`] : []),
    ...(rule.rate === null ? [] : [`from ${rule.rate.count} in ${age(rule.rate.within_seconds)} on`]),
    ...(rule.send && rule.cooldown_seconds > 0 ? [`once in ${age(rule.cooldown_seconds)}`] : []),
    ...(rule.remind_every_seconds === null ? [] : [`again every ${age(rule.remind_every_seconds)}`]),
  ]
  return parts.join(', ')
}

const Rules = ({ rules }: { rules: readonly AlertRule[] }) => (
  <section class="panel">
    <h2>Rules, the first that matches decides</h2>
    <ol class="rules">
      {rules.map((rule) => (
        <li key={rule.name}>
          <strong>
            <Raw text={rule.name} />
          </strong>{' '}
          <span class="muted">
            <Raw text={ruleWords(rule)} />
          </span>
        </li>
      ))}
    </ol>
  </section>
)

export function AlertsPage() {
  const alerts = useSignal<Loaded<Alerts>>({ data: null, error: null })
  const again = useSignal(0)
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
    return () => gone.abort()
  }, [tick, known, again.value])

  const { data, error } = alerts.value
  const changed = () => (again.value += 1)
  return (
    <>
      <h1>Alerts</h1>
      <p class="lead">Who is told when a problem opens, comes back or ends.</p>
      {error && error.code !== 'unreachable' && <Failure error={error} what="The alerts" />}
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
          <CodeBlock label="halfopen.yaml" text={ALERT_SETUP} />
        </section>
      )}
      {data && data.channels.length > 0 && (
        <ul class="sources channels">
          {data.channels.map((channel) => (
            <Channel channel={channel} onTested={changed} key={channel.name} />
          ))}
        </ul>
      )}
      {data && can('/alerts/deliveries') && <Deliveries alerts={data} again={again.value} onChange={changed} />}
      {data && data.rules.length > 0 && <Rules rules={data.rules} />}
      {data && data.rules.length > 0 && <Preview />}
    </>
  )
}
