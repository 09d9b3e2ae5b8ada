/** JSON of the user's own: whatever a log line holds, it stays a string in its place. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cardOf } from '../../server/alerts/card.ts'
import { webhook } from '../../server/alerts/channels/webhook.ts'
import { bodyText, noticeOf, toldProblem } from '../../server/alerts/message.ts'
import { PLACEHOLDERS, render } from '../../server/alerts/template.ts'
import { row } from './decide-cases.ts'
import { finding } from './finding.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const noticeAbout = (line: string) => {
  const found = finding({ title: line, evidence: [{ source: 'e.log', line: 1, text: line }] })
  const decision = { notify: true, type: 'problem.opened', reason: 'came-back' } as const
  const around = { now: NOW, dashboard: '', tried: false }
  const body = bodyText('problem.opened', NOW, {
    problem: toldProblem(decision, row('new', { finding: found }), around),
  })
  return noticeOf({ id: 'msg_1', body, created_at: NOW })
}

it('a line changes nothing but the string it stands in', () => {
  const template = { text: 'a {{evidence}} b {{title}}', list: ['{{evidence}}', 1, null], deep: { n: '{{count}}' } }
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('","x":"', '{{url}}', '\\', '$&', '{{id}}')),
      (line) => {
        const notice = noticeAbout(line)
        const settings = webhook.settings.parse({ url: 'https://a.example', template })
        const { body } = webhook.request(notice, settings as never, { now: NOW, user_agent: 'x' })
        const card = cardOf(notice, NOW)
        expect(JSON.parse(body)).toEqual({
          text: `a ${card.evidence} b ${card.title}`,
          list: [card.evidence, 1, null],
          deep: { n: 3 },
        })
      },
    ),
  )
})

it('has a value for every placeholder, and refuses others by name', () => {
  const card = cardOf(noticeAbout('x'), NOW)
  for (const name of PLACEHOLDERS) expect(render(`{{${name}}}`, card, 'msg_1', 't')).not.toBeUndefined()
  const refused = webhook.settings.safeParse({ url: 'https://a.example', template: { a: ['{{titel}}'] } })
  expect(refused.error?.issues[0]?.message).toBe('no placeholder {{titel}}')
})
