/** A handshake and a proof for one problem, with the address its clients use already filled in. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Problem, ServedBy } from '../../server/http/wire.ts'
import { useAnswer } from '../data/use-series.ts'
import { can } from '../features.ts'
import { hrefTo } from '../routing.ts'
import { Commands } from './code.tsx'
import { Raw } from './raw.tsx'
import { probeOf, proofAt, proofOf, TryIt } from './try-it.tsx'

export function TryProblem({ problem: { id, finding } }: { problem: Problem }) {
  const served = useAnswer<ServedBy | null>(
    can('/config/serves') ? `config/serves?problem=${encodeURIComponent(id)}` : null,
  )
  const url = useSignal('')
  const found = served?.url ?? ''
  useEffect(() => {
    url.value = found
  }, [found])
  if (served === null) return null
  const { block } = served
  if (block === null)
    return (
      <section class="panel try-problem">
        <h2>Try it</h2>
        <p>A real handshake, step by step, on the machine where nginx runs:</p>
        <Commands commands={[served.command]} />
        <p class="muted">
          This page can do that itself, and prove a patch in a copy, when it knows a{' '}
          <a href={hrefTo({ page: 'config' })}>configuration</a> that serves this address.
        </p>
      </section>
    )
  // Another address than the problem's is not mended by its patch.
  const proof = finding.fix.patch !== null && url.value === found ? proofOf(id) : proofAt(url.value)
  return (
    <section class="panel try-problem">
      <h2>Try it</h2>
      <label class="filter">
        <span class="label">Address</span>
        <input
          type="text"
          inputMode="url"
          value={url.value}
          spellcheck={false}
          onInput={(event) => (url.value = event.currentTarget.value)}
        />
      </label>
      <p class="muted">
        Served by{' '}
        <a href={hrefTo({ page: 'config', asked: { url: found } })}>
          <code>
            <Raw text={`${block.context} in ${block.file}:${block.line}`} />
          </code>
        </a>
        . Neither of these changes anything.
      </p>
      <TryIt runs={[probeOf(url.value), proof]} />
    </section>
  )
}
