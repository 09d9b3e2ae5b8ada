/** The landing page: is it broken now, what is worst, what to change. */
import type { Problem } from '../../server/http/wire.ts'
import { filterProblems } from '../data/filter.ts'
import { groups } from '../data/rank.ts'
import { Confidence, SeverityBadge, StateBadge } from '../parts/badges.tsx'
import { BlindSpots } from '../parts/blind-spots.tsx'
import { FirstSteps } from '../parts/first-steps.tsx'
import { MoodIcon } from '../parts/icons.tsx'
import { Failure, Loading } from '../parts/notice.tsx'
import { ProblemFilter } from '../parts/problem-filter.tsx'
import { Raw } from '../parts/raw.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { DeadSources, Watched } from '../parts/watched.tsx'
import { Told, When } from '../parts/when.tsx'
import { hrefTo, type Asked } from '../routing.ts'
import { arrived, now, problems, sources } from '../state.ts'
import { visible } from '../text/visible.ts'
import { statusLine } from '../text/status.ts'
import { count, place, plural, stateOf } from '../text/words.ts'

function Row({ problem }: { problem: Problem }) {
  const { finding, state } = problem
  const where = place(finding.scope)
  return (
    <li class={`problem ${finding.severity}${arrived.value.has(problem.id) ? ' arrived' : ''}`}>
      <div class="problem-main">
        <h3>
          <a data-row href={hrefTo({ page: 'problem', id: problem.id })}>
            {visible(finding.title)}
          </a>
        </h3>
        <p class="problem-facts">
          <SeverityBadge finding={finding} />
          <Confidence value={finding.confidence} />
          <StateBadge state={state} problem={problem} />
          {where !== null && (
            <code class="place">
              <Raw text={where} />
            </code>
          )}
          {problem.notes > 0 && <span class="muted">{plural(problem.notes, 'note')}</span>}
        </p>
        {(state === 'resolved' || state === 'muted' || problem.held !== null) && (
          <p class="muted">
            <Told text={stateOf(problem).meaning} />
          </p>
        )}
        {state !== 'resolved' && finding.fix.summary !== '' && (
          <p class="problem-fix">
            <span class="label">Change</span> {visible(finding.fix.summary)}
          </p>
        )}
      </div>
      <div class="problem-trend">
        <Sparkline values={problem.sparkline} />
      </div>
      <dl class="problem-numbers">
        <div>
          <dt>In 24 h</dt>
          <dd class="problem-count">{count(finding.count)}</dd>
        </div>
        <div>
          <dt>Last</dt>
          <dd>
            <When iso={finding.last_seen} />
          </dd>
        </div>
        <div>
          <dt>First in 24 h</dt>
          <dd>
            <When iso={finding.first_seen} />
          </dd>
        </div>
      </dl>
    </li>
  )
}

function BlindSpotsBelow({ open }: { open: boolean }) {
  const spots = problems.value.data?.blind_spots ?? []
  if (spots.length === 0) return null
  return (
    <details class="panel" open={open}>
      <summary>
        <h2>What these logs cannot show ({spots.length})</h2>
      </summary>
      <BlindSpots spots={spots} />
    </details>
  )
}

export function ProblemsPage({ asked }: { asked: Asked }) {
  const { data, error } = problems.value
  if (!data) {
    return (
      <>
        <h1>Problems</h1>
        {error ? <Failure error={error} what="The problems" /> : <Loading what="problems" />}
      </>
    )
  }
  const watched = sources.value.data?.sources ?? []
  const status = statusLine(data.problems, data.watching, watched, now.value)
  const found = filterProblems(data.problems, asked)
  const list = groups(found)
  return (
    <>
      {error && error.code !== 'unreachable' && <Failure error={error} what="The newest problems" />}
      <div class="status" role="status">
        <MoodIcon mood={status.mood} />
        <div>
          <h1>{status.headline}</h1>
          {status.worst && (
            <p class="status-detail">
              Worst:{' '}
              <a href={hrefTo({ page: 'problem', id: status.worst.id })}>{visible(status.worst.finding.title)}</a>
            </p>
          )}
          {status.detail !== null && (
            <p>
              <Raw text={status.detail} />
            </p>
          )}
          {(data.watching > 0 || status.mood !== 'blind') && (
            <p class="muted">
              {data.watching === 0 ? (
                'Nothing is being read at the moment.'
              ) : (
                <a href={hrefTo({ page: 'sources' })}>
                  Watching {data.watching < watched.length ? `${data.watching} of ` : ''}
                  {plural(Math.max(data.watching, watched.length), 'source')}
                </a>
              )}
            </p>
          )}
        </div>
      </div>
      <DeadSources sources={watched} />
      {data.problems.length > 0 && <ProblemFilter problems={data.problems} asked={asked} shown={found.length} />}
      {data.problems.length > 0 && found.length === 0 && (
        <div class="empty">
          <p>None of the {plural(data.problems.length, 'problem')} is like that.</p>
        </div>
      )}
      {list.map((group) => (
        <section key={group.title} class="group">
          <h2>{group.title}</h2>
          <ol class="problems">
            {group.problems.map((problem) => (
              <Row problem={problem} key={problem.id} />
            ))}
          </ol>
        </section>
      ))}
      {watched.length > 0 && <Watched sources={watched} />}
      {status.mood === 'blind' &&
        (data.watching === 0 || watched.every(({ lines, lag_bytes }) => lines + lag_bytes === 0)) && (
          <FirstSteps
            searched={sources.value.data?.searched ?? []}
            notices={sources.value.data?.notices ?? []}
            empty={data.watching > 0}
          />
        )}
      {(status.mood !== 'blind' || watched.length > 0) && (
        <BlindSpotsBelow open={status.mood === 'calm' || status.mood === 'partial'} />
      )}
    </>
  )
}
