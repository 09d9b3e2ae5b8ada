/** What is read, how far, what was not understood, and what these logs cannot show. */
import type { SourceState } from '../../server/http/wire.ts'
import { BlindSpots } from '../parts/blind-spots.tsx'
import { FirstSteps } from '../parts/first-steps.tsx'
import { Failure, Loading, Notice } from '../parts/notice.tsx'
import { Raw, RawLines } from '../parts/raw.tsx'
import { SourceStateBadge } from '../parts/source-state.tsx'
import { When } from '../parts/when.tsx'
import { sources } from '../state.ts'
import { visible } from '../text/visible.ts'
import { age, bytes, count, share } from '../text/words.ts'

const REASON = new Map([
  ['no-match', 'unknown format'],
  ['truncated', 'cut off'],
  ['bad-time', 'unreadable time'],
  ['bad-json', 'damaged JSON'],
  ['binary', 'not text'],
])

const Unparsed = ({ source }: { source: SourceState }) => (
  <details class="unparsed">
    <summary>
      {count(source.unparsed)} {source.unparsed === 1 ? 'line' : 'lines'} not understood (
      {share(source.unparsed, source.lines)})
    </summary>
    <ol class="evidence">
      {source.unparsed_samples.map((sample) => (
        <li key={sample.line}>
          <span class="evidence-place">
            line {sample.line}, {REASON.get(sample.reason) ?? visible(sample.reason)}
          </span>
          <code class="evidence-text">
            <RawLines text={sample.text} />
          </code>
        </li>
      ))}
    </ol>
  </details>
)

const Card = ({ source }: { source: SourceState }) => (
  <li class="panel source">
    <div class="source-head">
      <h2>
        <code>
          <Raw text={source.path} />
        </code>
      </h2>
      <SourceStateBadge state={source.state} />
      {source.format !== null && <span class="muted">{visible(source.format)}</span>}
      {source.format === null && source.lines > 0 && <span class="muted">format not recognised</span>}
    </div>
    {source.hint !== null && (
      <p class="hint">
        <Raw text={source.hint} />
      </p>
    )}
    <dl class="facts">
      <div>
        <dt>Lines understood</dt>
        <dd>
          {count(source.parsed)} of {count(source.lines)}
        </dd>
      </div>
      <div>
        <dt>Still to read</dt>
        <dd>
          {source.lag_bytes === 0 ? 'nothing' : bytes(source.lag_bytes)}
          {source.lag_seconds !== null && source.lag_seconds > 0 && `, ${age(source.lag_seconds)} behind`}
        </dd>
      </div>
      <div>
        <dt>Last read</dt>
        <dd>
          <When iso={source.last_read_at} none="never" />
        </dd>
      </div>
      <div>
        <dt>Read so far</dt>
        <dd>{bytes(source.bytes)}</dd>
      </div>
      <div class="wide">
        <dt>Lines from</dt>
        <dd>
          {source.from === null || source.to === null ? (
            <span class="muted">no line with a time yet</span>
          ) : (
            <>
              <When iso={source.from} /> to <When iso={source.to} />
            </>
          )}
        </dd>
      </div>
    </dl>
    {atMostOnce(source.path) && (
      <p class="muted">
        What has arrived and is not stored yet is lost when halfopen is killed; it cannot be read again.
      </p>
    )}
    {source.unparsed > 0 && <Unparsed source={source} />}
  </li>
)

/** Senders and pipes keep nothing. */
const atMostOnce = (path: string): boolean => path === '-' || path.startsWith('syslog:')

export function SourcesPage() {
  const { data, error } = sources.value
  return (
    <>
      <h1>Sources</h1>
      <p class="lead">What is read, how far, and what these logs cannot show.</p>
      {error && error.code !== 'unreachable' && <Failure error={error} what="The sources" />}
      {!data && !error && <Loading what="sources" />}
      {data && data.notices.length > 0 && (
        <Notice tone="plain">
          {data.notices.map((notice) => (
            <p key={notice}>
              <Raw text={notice} />
            </p>
          ))}
        </Notice>
      )}
      {data && data.sources.length === 0 && (
        <>
          <div class="empty">
            <p>Nothing is being read.</p>
          </div>
          <FirstSteps searched={data.searched} notices={[]} empty={false} />
        </>
      )}
      {data && data.sources.length > 0 && (
        <>
          <ul class="sources">
            {data.sources.map((source) => (
              <Card source={source} key={source.path} />
            ))}
          </ul>
          {data.blind_spots.length > 0 && (
            <section class="group">
              <h2>What these logs cannot show</h2>
              <div class="panel">
                <BlindSpots spots={data.blind_spots} />
              </div>
            </section>
          )}
        </>
      )}
    </>
  )
}
