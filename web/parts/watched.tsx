import type { SourceState } from '../../server/http/wire.ts'
import { quiet, quietFirst } from '../data/sources.ts'
import { hrefTo } from '../routing.ts'
import { now } from '../state.ts'
import { count } from '../text/words.ts'
import { Notice } from './notice.tsx'
import { SourceStateBadge } from './source-state.tsx'
import { Raw } from './raw.tsx'
import { When } from './when.tsx'

/** "No problems" is worth as much as what was read for it, and so is "one problem". */
export const Watched = ({ sources }: { sources: readonly SourceState[] }) => (
  <section class="panel">
    <h2>What is being watched</h2>
    <ul class="watched">
      {quietFirst(sources, now.value).map((source) => {
        const silence = quiet(source, now.value)
        return (
          <li key={source.path}>
            <code>
              <Raw text={source.path} />
            </code>
            <SourceStateBadge state={source.state} />
            <span class={silence?.kind === 'dead' ? 'watched-silent' : 'muted'}>
              {source.lines === 0
                ? 'no line yet'
                : `${count(source.parsed)} of ${count(source.lines)} lines understood`}
              {source.to !== null && (
                <>
                  , newest <When iso={source.to} />
                </>
              )}
            </span>
            {silence?.kind === 'silent' && source.lines > 0 && <span class="watched-silent">{silence.why}</span>}
            {source.hint !== null && (
              <span class="watched-hint">
                <Raw text={source.hint} />
              </span>
            )}
          </li>
        )
      })}
    </ul>
  </section>
)

/** Logs that tell nothing, above everything they may hide. */
export function DeadSources({ sources }: { sources: readonly SourceState[] }) {
  const dead = sources.flatMap((source) => {
    const found = quiet(source, now.value)
    return found?.kind === 'dead' ? [{ path: source.path, why: found.why }] : []
  })
  if (dead.length === 0) return null
  return (
    <Notice tone="warning">
      <p>
        <strong>Not everything is seen.</strong> What these logs would show is missing below.{' '}
        <a href={hrefTo({ page: 'sources' })}>Sources</a>
      </p>
      <ul>
        {dead.map(({ path, why }) => (
          <li key={path}>
            <code>
              <Raw text={path} />
            </code>{' '}
            {why}
          </li>
        ))}
      </ul>
    </Notice>
  )
}
