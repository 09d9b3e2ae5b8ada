/** What is wrong in the nginx configuration, line by line, before anything fails. */
import { useSignal } from '@preact/signals'
import type { ConfigLint, LintedLine } from '../../server/http/wire.ts'
import { visible } from '../text/visible.ts'
import { plural, SEVERITY } from '../text/words.ts'
import { CodeBlock } from './code.tsx'
import { SeverityIcon } from './icons.tsx'
import { Raw } from './raw.tsx'

const Line = ({ line }: { line: LintedLine }) => (
  <li class="lint">
    <span class={`severity ${line.severity}`}>
      <SeverityIcon severity={line.severity} />
      <span class="offscreen">{SEVERITY[line.severity]}: </span>
    </span>
    <div class="lint-body">
      <p>
        <Raw text={line.message} />
      </p>
      <p class="lint-place">
        <code>
          <Raw text={line.line > 0 ? `${line.file}:${line.line}` : line.file} />
        </code>{' '}
        <span class="muted">
          {visible(line.rule)}
          {line.docs !== null && (
            <>
              {', '}
              <a href={line.docs} rel="noreferrer noopener" target="_blank">
                what nginx says
              </a>
            </>
          )}
        </span>
      </p>
      {line.text !== '' && (
        <code class="lint-text">
          <Raw text={line.text} />
        </code>
      )}
      {line.fix !== null && <CodeBlock label="Fix" text={line.fix} />}
    </div>
  </li>
)

/** Remarks are many and none of them is a fault: shown when they are asked for. */
export function Lint({ lint }: { lint: ConfigLint }) {
  const all = useSignal(false)
  const { findings, places, sockets, ignored, more } = lint
  const faults = findings.filter(({ severity }) => severity !== 'info')
  const remarks = findings.length - faults.length
  const shown = all.value ? findings : faults
  return (
    <section class="panel">
      <h2>{faults.length === 0 ? 'Nothing wrong in it' : `${plural(faults.length, 'fault')} in it`}</h2>
      <p class="muted">
        {plural(places, 'proxied location')}, {sockets} with signs of WebSockets
        {ignored > 0 && `; ${ignored} left out by comments`}
        {more > 0 && `; ${more} more, see halfopen lint`}.
      </p>
      {shown.length > 0 && (
        <ol class="lints">
          {shown.map((line, i) => (
            <Line line={line} key={i} />
          ))}
        </ol>
      )}
      {remarks > 0 && (
        <button type="button" class="button small" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? 'Faults only' : `Show ${plural(remarks, 'remark')}, too`}
        </button>
      )}
    </section>
  )
}
