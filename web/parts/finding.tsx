/** The parts of a finding: why we think so, what to change, what else it could be. */
import type { ComponentChildren } from 'preact'
import type { Finding, Fix } from '../../server/http/wire.ts'
import { directiveDiff, pasteable, patchDiff } from '../text/diff.ts'
import { visible } from '../text/visible.ts'
import { confidence, percent } from '../text/words.ts'
import { CodeBlock, Commands, Diff } from './code.tsx'
import { Icon } from './icons.tsx'
import { can } from '../features.ts'
import { Context, Marked } from './context.tsx'
import { Raw } from './raw.tsx'
import { Told } from './when.tsx'

const Reasons = ({ icon, title, reasons }: { icon: 'plus' | 'minus'; title: string; reasons: readonly string[] }) =>
  reasons.length === 0 ? null : (
    <>
      <h3>{title}</h3>
      <ul class={`reasons ${icon}`}>
        {reasons.map((reason) => (
          <li key={reason}>
            <Icon name={icon} />
            <Told text={reason} />
          </li>
        ))}
      </ul>
    </>
  )

/** @param problem its id, where the server follows the logs and can show what stands around a line */
export const Evidence = ({
  finding: { because, against, evidence, worked },
  problem = null,
}: {
  finding: Finding
  problem?: string | null
}) => (
  <section class="panel">
    <h2>Why we think so</h2>
    <Reasons icon="plus" title="For it" reasons={because} />
    <Reasons icon="minus" title="Against it" reasons={against} />
    {worked && (
      <>
        <h3>Since then</h3>
        <p class="since">
          <Told text={worked.told} />
        </p>
      </>
    )}
    <h3>From the logs</h3>
    <ol class="evidence">
      {evidence.map(({ source, line, text }, i) => (
        <li key={i}>
          <span class="evidence-place">
            <Raw text={line === null ? source : `${source}:${line}`} />
          </span>
          <code class="evidence-text">
            <Marked text={text} />
          </code>
          {problem !== null && line !== null && can('/problems/{id}/context') && (
            <Context problem={problem} source={source} line={line} />
          )}
        </li>
      ))}
    </ol>
  </section>
)

const LAYER: Record<Fix['layer'], string> = {
  nginx: 'in nginx',
  application: 'in the application',
  edge: 'at the proxy, CDN or load balancer in front',
  host: 'on the host',
  none: '',
}

/** The patch where one could be written, else the lines in their blocks, else the snippet. */
export function Change({ fix }: { fix: Fix }) {
  const target = fix.target && `${fix.target.file}:${fix.target.line}`
  return (
    <section class="panel change" id="change">
      <h2>{fix.layer === 'none' ? 'What to do' : `What to change ${LAYER[fix.layer]}`}</h2>
      <p class="change-summary">
        {fix.summary === ''
          ? 'No change is known for this yet; the log lines are the best lead.'
          : visible(fix.summary)}
      </p>
      {target !== null && (
        <p class="change-target">
          <span class="label">File</span>{' '}
          <code>
            <Raw text={target} />
          </code>
        </p>
      )}
      {fix.patch !== null ? (
        <Diff lines={patchDiff(fix.patch)} label="Patch for your configuration" paste={fix.patch} />
      ) : fix.directives.length > 0 ? (
        <Diff lines={directiveDiff(fix.directives)} label="Lines to add" paste={pasteable(fix.directives)} />
      ) : (
        fix.snippet !== null && <CodeBlock text={fix.snippet} label="For example" />
      )}
    </section>
  )
}

export const OtherCauses = ({ finding: { alternatives } }: { finding: Finding }) =>
  alternatives.length === 0 ? null : (
    <section class="panel">
      <h2>What else it could be</h2>
      <dl class="alternatives">
        {alternatives.map((other) => (
          <div key={other.cause}>
            <dt>
              <code>{visible(other.cause)}</code>{' '}
              <span class="muted">
                {confidence(other.confidence)}, {percent(other.confidence)}
              </span>
            </dt>
            <dd>
              <span class="label">The test that decides</span> <Raw text={other.check} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )

/** What to do, in the order it is done: back up, change, check, undo.
 *  @param children what can be tried before anything is changed */
export function Remedy({ finding: { fix }, children }: { finding: Finding; children?: ComponentChildren }) {
  // A problem that an older version stored has no such list.
  const prepare = fix.prepare ?? []
  return (
    <div class="todo">
      {prepare.length > 0 && (
        <section class="panel">
          <h2>Back up first</h2>
          <Commands commands={prepare} />
        </section>
      )}
      <Change fix={fix} />
      {children}
      {fix.verify.length > 0 && (
        <section class="panel">
          <h2>{fix.rollback.length > 0 ? 'Apply it and check' : 'Check'}</h2>
          <Commands commands={fix.verify} />
        </section>
      )}
      {fix.rollback.length > 0 && (
        <section class="panel">
          <h2>Undo it</h2>
          <Commands commands={fix.rollback} />
        </section>
      )}
    </div>
  )
}
