import type { Problem } from '../../server/http/wire.ts'
import { choices } from '../data/filter.ts'
import type { Asked } from '../routing.ts'
import { replaceRoute } from '../state.ts'
import { visible } from '../text/visible.ts'
import { SEVERITY, STATE } from '../text/words.ts'
import { Choice, Search } from './fields.tsx'

const STATES = [
  ['now', 'Happening now'],
  ...Object.entries(STATE).map(([id, { word }]) => [id, word] as const),
] as const

/** What is chosen stands in the address: a link shows the same list. */
export function ProblemFilter({
  problems,
  asked,
  shown,
}: {
  problems: readonly Problem[]
  asked: Asked
  shown: number
}) {
  const { hosts, sources } = choices(problems)
  const choose = (name: string) => (value: string) =>
    replaceRoute({ page: 'problems', asked: { ...asked, [name]: value } })
  const named = (values: readonly string[]) => values.map((value) => [value, visible(value)] as const)
  // On a phone the problems come first.
  const narrow = matchMedia('(max-width: 700px)').matches
  const any = Object.values(asked).some((value) => value !== undefined && value !== '')
  const fields = (
    <div class="toolbar" role="search" aria-label="Problems">
      <Search label="Show only problems that contain" value={asked['q'] ?? ''} onInput={choose('q')} />
      <Choice label="State" value={asked['state']} of={STATES} onChoose={choose('state')} />
      <Choice label="Severity" value={asked['severity']} of={Object.entries(SEVERITY)} onChoose={choose('severity')} />
      {hosts.length > 0 && <Choice label="Host" value={asked['host']} of={named(hosts)} onChoose={choose('host')} />}
      {sources.length > 1 && (
        <Choice label="Log" value={asked['source']} of={named(sources)} onChoose={choose('source')} />
      )}
      <span class="muted" role="status">
        {any && `${shown} of ${problems.length}`}
      </span>
      {any && (
        <button type="button" class="button small" onClick={() => replaceRoute({ page: 'problems' })}>
          Show all
        </button>
      )}
    </div>
  )
  return narrow ? (
    <details class="filters" open={any}>
      <summary>Search and filter</summary>
      {fields}
    </details>
  ) : (
    fields
  )
}
