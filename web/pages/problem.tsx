/** One problem: what happens, why we think so, what to change, how to check, how to undo. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Problem } from '../../server/http/wire.ts'
import { get } from '../api.ts'
import { Confidence, SeverityBadge, StateBadge } from '../parts/badges.tsx'
import { Evidence, OtherCauses, Remedy } from '../parts/finding.tsx'
import { ByHand } from '../parts/by-hand.tsx'
import { History } from '../parts/history.tsx'
import { Icon } from '../parts/icons.tsx'
import { Failure, Loading, Notice } from '../parts/notice.tsx'
import { Raw } from '../parts/raw.tsx'
import { Share } from '../parts/share.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { TryProblem } from '../parts/try-problem.tsx'
import { Timeline } from '../parts/timeline.tsx'
import { Told, When } from '../parts/when.tsx'
import { hrefTo } from '../routing.ts'
import { asApiError, problems, pulse, type Loaded } from '../state.ts'
import { visible } from '../text/visible.ts'
import { place, plural, stateOf } from '../text/words.ts'

const HOUR = 3_600_000

function Facts({ problem }: { problem: Problem }) {
  const { finding, state, resolved_at } = problem
  const where = place(finding.scope)
  // The window that holds the last occurrence, with a little after it to show that it stopped.
  const to = finding.last_seen === null ? null : new Date(Date.parse(finding.last_seen) + HOUR).toISOString()
  return (
    <section class="panel">
      <h2>What happens</h2>
      <dl class="facts">
        <div class="wide">
          <dt>Where</dt>
          <dd>
            {where === null ? (
              'no single place'
            ) : (
              <code>
                <Raw text={where} />
              </code>
            )}
          </dd>
        </div>
        <div>
          <dt>In 24 h</dt>
          <dd>{plural(finding.count, 'time')}</dd>
        </div>
        <div>
          <dt>First in 24 h</dt>
          <dd>
            <When iso={finding.first_seen} />
          </dd>
        </div>
        <div>
          <dt>Last seen</dt>
          <dd>
            <When iso={finding.last_seen} />
          </dd>
        </div>
        {state === 'resolved' && (
          <div>
            <dt>{stateOf(problem).word}</dt>
            <dd>
              <When iso={resolved_at} />
            </dd>
          </div>
        )}
      </dl>
      <p class="muted">
        {state !== 'resolved' && (
          <>
            <Told text={stateOf(problem).meaning} />.{' '}
          </>
        )}
        Cause: <code>{visible(finding.cause)}</code>.{' '}
        <a
          href={hrefTo({
            page: 'trends',
            range: '24h',
            to: state === 'imported' ? to : null,
            asked: finding.scope.path === null ? {} : { path: finding.scope.path },
          })}
        >
          See the trend
        </a>
      </p>
    </section>
  )
}

export function ProblemPage({ id }: { id: string }) {
  const loaded = useSignal<Loaded<Problem>>({ data: null, error: null })
  const tick = pulse.value
  useEffect(() => {
    const gone = new AbortController()
    get<Problem>(`problems/${encodeURIComponent(id)}`, gone.signal).then(
      (data) => (loaded.value = { data, error: null }),
      (error: unknown) => {
        if (!gone.signal.aborted) loaded.value = { data: loaded.value.data, error: asApiError(error) }
      },
    )
    return () => gone.abort()
  }, [id, tick])

  // The list is kept live by the stream, so its reading is never older than the page's own.
  const problem = problems.value.data?.problems.find((one) => one.id === id) ?? loaded.value.data
  const back = (
    <a class="back" href={hrefTo({ page: 'problems' })}>
      <Icon name="back" /> All problems
    </a>
  )
  if (!problem) {
    const { error } = loaded.value
    return (
      <>
        {back}
        <h1>{error ? 'This problem cannot be shown' : <span class="muted">Problem</span>}</h1>
        {error ? <Failure error={error} what="It" /> : <Loading what="the problem" rows={5} />}
      </>
    )
  }
  const { finding } = problem
  return (
    <article class={`detail ${finding.severity}`}>
      {back}
      <header class="detail-head">
        <h1>{visible(finding.title)}</h1>
        <p class="problem-facts">
          <SeverityBadge finding={finding} />
          <Confidence value={finding.confidence} />
          <StateBadge state={problem.state} problem={problem} />
        </p>
        <ByHand problem={problem} />
        <div class="detail-trend">
          <Sparkline values={problem.sparkline} />
          {problem.sparkline.some((n) => n > 0) && <span class="muted">Last 24 hours</span>}
        </div>
      </header>
      {problem.state === 'resolved' && (
        <Notice tone="plain">
          <p>
            <strong>{stateOf(problem).word}.</strong> <Told text={stateOf(problem).meaning} />. It last happened at{' '}
            <When iso={finding.last_seen} />, and is kept here in case it comes back.
          </p>
        </Notice>
      )}
      <Facts problem={problem} />
      <div class="detail-columns">
        <div>
          <Evidence finding={finding} problem={problem.id} />
          <OtherCauses finding={finding} />
        </div>
        <Remedy finding={finding}>
          <TryProblem problem={problem} />
        </Remedy>
      </div>
      <Timeline problem={problem} />
      <History problem={problem} />
      <Share finding={finding} />
    </article>
  )
}
