/** Order and first words of the landing page. */
import { expect, it } from 'vitest'
import type { Finding, Problem, ProblemState, SourceState } from '../../server/http/wire.ts'
import { groups, rank, upsert } from '../../web/data/rank.ts'
import { statusLine } from '../../web/text/status.ts'
import { stateOf } from '../../web/text/words.ts'

function problem(id: string, state: ProblemState, changes: Partial<Finding> = {}): Problem {
  const time = '2026-11-21T08:00:00.000Z'
  return {
    id,
    state,
    opened_at: time,
    changed_at: time,
    resolved_at: null,
    resolved_by: null,
    held: null,
    muted: null,
    notes: 0,
    sparkline: [],
    finding: {
      id,
      cause: 'backend-down',
      title: `title of ${id}`,
      severity: 'error',
      confidence: 0.9,
      because: [],
      against: [],
      count: 1,
      first_seen: time,
      last_seen: time,
      scope: { server: null, path: null, upstream: null, source: null },
      evidence: [],
      alternatives: [],
      fix: {
        layer: 'none',
        summary: '',
        directives: [],
        snippet: null,
        patch: null,
        target: null,
        prepare: [],
        verify: [],
        rollback: [],
      },
      ...changes,
    },
  }
}
const ids = (problems: readonly Problem[]) => problems.map(({ id }) => id)

it('ranks confident before possible, then by severity, confidence and count', () => {
  const list = [
    problem('possible', 'ongoing', { confidence: 0.4, severity: 'critical', count: 999 }),
    problem('warning', 'ongoing', { severity: 'warning' }),
    problem('rare', 'ongoing', { count: 2 }),
    problem('often', 'ongoing', { count: 7 }),
    problem('likely', 'ongoing', { confidence: 0.6, count: 50 }),
    problem('critical', 'ongoing', { severity: 'critical', confidence: 0.5 }),
  ]
  expect(ids(rank(list))).toEqual(['critical', 'often', 'rare', 'likely', 'warning', 'possible'])
})

it('shows every state in exactly one group', () => {
  const states: ProblemState[] = ['new', 'ongoing', 'resolved', 'regressed', 'muted', 'imported']
  const shown = groups(states.map((state) => problem(state, state))).flatMap((group) => ids(group.problems))
  expect(shown.toSorted()).toEqual(states.toSorted())
})

it('keeps guesses and information apart from what is to be acted on', () => {
  const quiet = [
    problem('guess', 'new', { confidence: 0.37, severity: 'info' }),
    problem('left', 'imported', { severity: 'info' }),
  ]
  const titles = groups([problem('real', 'ongoing'), ...quiet]).map(({ title, problems }) => [title, ids(problems)])
  expect(titles).toEqual([
    ['Happening now', ['real']],
    ['For information', ['left', 'guess']],
  ])
  const line = statusLine(quiet, 1, READ, NOW)
  expect([line.mood, line.headline, line.detail]).toEqual(['calm', NO_PROBLEMS, '2 things below for information.'])
})

it('replaces a problem by its newer reading', () => {
  const list = upsert([problem('a', 'new'), problem('b', 'new')], problem('a', 'resolved'))
  expect(list.map(({ id, state }) => `${id} ${state}`).toSorted()).toEqual(['a resolved', 'b new'])
})

const NOW = Date.UTC(2026, 10, 21, 8)
const source = (lines: number, parsed: number, lag_bytes = 0, state: SourceState['state'] = 'reading', hours = 0) => {
  const to = lines === 0 ? null : new Date(NOW - hours * 3_600_000).toISOString()
  return { path: `${lines}.log`, state, lines, parsed, lag_bytes, to, last_read_at: to }
}
const READ = [source(10, 10)]
const SILENT = source(30, 30, 0, 'idle', 5)
const MISSING = source(9, 9, 0, 'missing')
const UNREADABLE = source(0, 0, 5_000_000, 'unreadable')
const now = [problem('a', 'new'), problem('b', 'regressed', { severity: 'critical' }), problem('c', 'resolved')]
const history = [problem('a', 'imported'), problem('b', 'muted')]
const NO_PROBLEMS = 'No problems in what is being watched'
it.each([
  [now, 1, READ, 'broken', '2 problems now', 'b'],
  [history, 1, READ, 'history', '1 problem in the logs that were already there', 'a'],
  [[problem('a', 'resolved')], 1, READ, 'calm', NO_PROBLEMS, undefined],
  [[], 0, [], 'blind', 'Nothing is being read', undefined],
  [[], 1, [source(0, 0)], 'blind', 'Waiting for the first line', undefined],
  [[], 2, [source(40, 0), source(0, 0)], 'blind', 'No line could be understood', undefined],
  [[], 2, [source(40, 0), source(50, 0)], 'blind', 'No line could be understood', undefined],
  [[], 2, [source(40, 40, 5_000_000)], 'blind', 'Reading what is there', undefined],
  [[], 2, [source(40, 40, 2000), UNREADABLE], 'partial', 'No problems in what can be seen', undefined],
  [[], 0, [MISSING, UNREADABLE], 'blind', 'Nothing can be seen', undefined],
  [[], 1, [SILENT], 'partial', 'No problems seen, and no log says anything', undefined],
  [[], 1, [SILENT, MISSING], 'partial', 'No problems seen, and no log says anything', undefined],
  [[], 2, [source(40, 40), SILENT], 'calm', NO_PROBLEMS, undefined],
  [[], 2, [source(40, 40), source(0, 0)], 'calm', NO_PROBLEMS, undefined],
  [[], 1, [], 'partial', 'No problems so far', undefined],
])('says in words how it stands (%#)', (problems, watching, sources, mood, headline, worst) => {
  const line = statusLine(problems, watching, sources, NOW)
  expect([line.mood, line.headline, line.worst?.id]).toEqual([mood, headline, worst])
})

it('names the logs that tell nothing', () => {
  const detail = (sources: ReturnType<typeof source>[], problems: Problem[] = []) =>
    statusLine(problems, 1, sources, NOW).detail
  expect(detail([source(40, 40), UNREADABLE])).toBe('Not seen: 0.log cannot be read.')
  expect(detail([SILENT, MISSING])).toBe(
    '30.log nothing new for 5 h, 9.log is missing. Either nobody comes, or the lines go elsewhere.',
  )
  expect(detail([MISSING, MISSING, MISSING, MISSING, UNREADABLE])).toContain('9.log is missing, 2 more')
  // Nothing more was seen of history because nothing was seen at all.
  expect(detail([MISSING], history)).toBe('Whether it still happens is not seen: 9.log is missing.')
  expect(detail(READ, history)).toBe('Nothing of it has happened again since.')
})

it('never says in green that there are no problems while no log is read and speaks', () => {
  const kinds = [SILENT, MISSING, UNREADABLE, source(0, 0), source(40, 0)]
  for (const a of kinds)
    for (const b of kinds)
      for (const watching of [0, 1, 2])
        expect(statusLine([], watching, [a, b], NOW).mood, `${a.path} ${b.path}`).not.toBe('calm')
})

const over = (why: 'succeeded' | 'config-changed'): Partial<Finding> => ({
  over: { since: '2026-11-21T08:00:00.000Z', successes: 12, why },
})
it('tells a repair from silence, and silence from blindness', () => {
  const told = (changes: Partial<Problem>, more: Partial<Finding> = {}): string => {
    const { word, meaning } = stateOf({ ...problem('a', 'resolved', more), ...changes })
    return `${word}: ${meaning}`
  }
  expect(told({ resolved_by: 'succeeded-since' }, over('succeeded'))).toBe('Resolved: 12 handshakes succeeded since')
  expect(told({ resolved_by: 'quiet' })).toBe('Quiet: Not seen again; no handshake there has shown that it works')
  expect(told({ resolved_by: 'quiet' }, over('config-changed'))).toContain('configuration was changed after')
  const sessions = '2 WebSocket sessions ended on this path since 2026-11-21T08:00:00Z; they may be older'
  const worked = { since: '', handshakes: 2, by: 'path', dated: 'end', decides: false, told: sessions } as const
  expect(told({ resolved_by: 'quiet' }, { worked })).toBe(`Quiet: Not seen again; ${sessions}`)
  expect(told({ resolved_by: 'succeeded-since' }, { worked: { ...worked, decides: true } })).toBe(
    `Resolved: ${sessions}`,
  )
  expect(told({ resolved_by: 'hand' })).toMatch(/^Resolved by hand: Marked as resolved/)
  const muted = (until: string | null) => told({ state: 'muted', muted: { until } })
  expect(muted(null)).toBe('Muted: Still counted, not announced')
  expect(muted('2026-11-21T09:00:00.000Z')).toBe('Muted: Still counted, not announced until 2026-11-21T09:00:00.000Z')
  expect(muted('regressed')).toContain('comes back')
  expect(told({ state: 'ongoing', held: '/x.log is missing' })).toBe('Ongoing, not watched: /x.log is missing')
})
