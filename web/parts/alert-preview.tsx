/** What the rules would have sent: somebody who sets up alerts wants to know first how often the phone rings. */
import { useSignal } from '@preact/signals'
import type { AlertPreview } from '../../server/http/wire.ts'
import { useAnswer } from '../data/use-series.ts'
import { can } from '../features.ts'
import { sources } from '../state.ts'
import { plural } from '../text/words.ts'
import { Raw } from './raw.tsx'
import { ToldMessage } from './told-message.tsx'
import { When } from './when.tsx'

const SPANS = [
  ['7', 'the last week'],
  ['1', 'the last day'],
] as const

/** Rows shown before somebody asks for the rest. */
const FEW = 10

/** `3 to pager, none to phone`. */
function shares({ channels }: AlertPreview): string {
  return channels.map(({ name, n }) => `${n === 0 ? 'none' : n} to ${name}`).join(', ')
}

function Told({ of, all }: { of: AlertPreview; all: boolean }) {
  // The newest first, as in the list of what was sent.
  const newest = of.messages.toReversed()
  return (
    <div class="table-scroll tall" tabIndex={0} role="region" aria-label="Messages that would have been sent">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            {of.channels.length > 0 && <th scope="col">To</th>}
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {newest.slice(0, all ? newest.length : FEW).map((one, i) => (
            <tr key={i}>
              <td>
                <When iso={one.time} />
              </td>
              {of.channels.length > 0 && (
                <td>
                  <Raw text={one.channel} />
                </td>
              )}
              <td class="wrap">
                <ToldMessage message={one} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function Preview() {
  const days = useSignal<string>('7')
  const all = useSignal(false)
  const answer = useAnswer<AlertPreview>(can('/alerts/preview') ? `alerts/preview?days=${days.value}` : null)
  if (!can('/alerts/preview')) return null
  // Of a week that is not known whole, a number is too small.
  const since = Math.min(
    ...(sources.value.data?.sources ?? []).flatMap(({ from }) => (from === null ? [] : [Date.parse(from)])),
  )
  const nothing = sources.value.data !== null && since === Infinity
  const word = SPANS.find(([id]) => id === days.value)?.[1] ?? ''
  return (
    <section class="panel preview" aria-busy={answer === null}>
      <h2>What these rules would have sent</h2>
      <div class="toolbar" role="group" aria-label="Of how long">
        {SPANS.map(([id, span]) => (
          <button
            type="button"
            class="button small"
            aria-pressed={id === days.value}
            key={id}
            onClick={() => (days.value = id)}
          >
            {span}
          </button>
        ))}
      </div>
      <div role="status">
        {answer === null ? (
          <p class="muted">Going through {word} …</p>
        ) : nothing ? (
          <p>No line is stored yet, so there is nothing to decide on.</p>
        ) : (
          <p>
            <strong>
              {answer.total === 0 ? 'No message' : plural(answer.total, 'message')} in {word}
            </strong>
            {answer.channels.length > 1 && answer.total > 0 && (
              <>
                : <Raw text={shares(answer)} />
              </>
            )}
            .
          </p>
        )}
      </div>
      {answer !== null && answer.rules.length > 1 && answer.total > 0 && (
        <p class="muted">
          By rule: <Raw text={answer.rules.map(({ name, n }) => `${name} ${n === 0 ? 'none' : n}`).join(', ')} />.
        </p>
      )}
      {answer !== null && answer.messages.length > 0 && (
        <>
          <Told of={answer} all={all.value} />
          {answer.messages.length > FEW && (
            <button
              type="button"
              class="button small"
              aria-expanded={all.value}
              onClick={() => (all.value = !all.value)}
            >
              {all.value
                ? 'Only the newest'
                : `Show ${answer.messages.length === answer.total ? 'all' : 'the last'} ${answer.messages.length}`}
            </button>
          )}
        </>
      )}
      <p class="muted">
        Decided anew over what is stored
        {answer !== null && since > Date.parse(answer.from) && since < Infinity && (
          <>
            , which begins <When iso={new Date(since).toISOString()} />
          </>
        )}
        , in steps of 10 minutes; nothing is sent. Logs that fell silent are not in it.
        {answer !== null && answer.left_out > 0 && ` Left out: ${plural(answer.left_out, 'older problem')}.`}
      </p>
    </section>
  )
}
