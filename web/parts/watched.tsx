import type { SourceState } from '../../server/http/wire.ts'
import { count } from '../text/words.ts'
import { SourceStateBadge } from './source-state.tsx'
import { Raw } from './raw.tsx'
import { When } from './when.tsx'

/** "No problems" is worth as much as what was read for it, so that stands right next to it. */
export const Watched = ({ sources }: { sources: readonly SourceState[] }) => (
  <section class="panel">
    <h2>What is being watched</h2>
    <ul class="watched">
      {sources.map((source) => (
        <li key={source.path}>
          <code>
            <Raw text={source.path} />
          </code>
          <SourceStateBadge state={source.state} />
          <span class="muted">
            {source.lines === 0 ? 'no line yet' : `${count(source.parsed)} of ${count(source.lines)} lines understood`}
            {source.to !== null && (
              <>
                , newest <When iso={source.to} as="ago" />
              </>
            )}
          </span>
          {source.hint !== null && (
            <span class="watched-hint">
              <Raw text={source.hint} />
            </span>
          )}
        </li>
      ))}
    </ul>
  </section>
)
