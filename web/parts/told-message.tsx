/** What a message is about, and why it is sent: in the list of those that were, and of those that would have been. */
import type { AlertDelivery } from '../../server/http/wire.ts'
import { hrefTo } from '../routing.ts'
import { visible } from '../text/visible.ts'
import { Raw } from './raw.tsx'

const TYPES = new Map([
  ['problem.opened', 'Opened'],
  ['problem.resolved', 'Over'],
  ['problem.reminder', 'Reminder'],
  ['problems.changed', 'Several problems'],
  ['source.silent', 'Log is silent'],
  ['source.unreadable', 'Log cannot be read'],
  ['source.recovered', 'Log is back'],
])

type Message = Pick<AlertDelivery, 'type' | 'why' | 'rule' | 'problem_ids' | 'title'>

export function ToldMessage({ message: { type, why, rule, problem_ids, title } }: { message: Message }) {
  const [problem] = problem_ids
  const alone = problem_ids.length === 1 && problem !== undefined
  return (
    <>
      <span class="label">{TYPES.get(type) ?? visible(type)}</span>{' '}
      {alone ? <a href={hrefTo({ page: 'problem', id: problem })}>{visible(title)}</a> : <Raw text={title} />}
      <span class="muted delivery-why">
        <Raw text={why} />; rule <Raw text={rule} />
      </span>
    </>
  )
}
