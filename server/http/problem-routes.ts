/** What a person does with a problem: mute it, call it over, write something down; and the way back from each. */
import { z } from 'zod'
import type { Problem } from './wire.ts'
import { readJson } from './body.ts'
import { HalfopenError } from './errors.ts'
import { noQuery, readQuery, time, whole } from './query.ts'
import type { Asked, Route } from './routes.ts'

const YEAR = 366 * 86_400
/** Characters of one note. */
const LONGEST_NOTE = 2000
/** A note of characters that JSON writes in six bytes each, and the rest of the body. */
const MOST_BYTES = 6 * LONGEST_NOTE + 200

export const muteQuery = z.strictObject({
  seconds: whole(60, YEAR).describe(`muted for so long, from 60 to ${YEAR}`).optional(),
  until: z
    .union([z.literal('regressed'), time])
    .describe('regressed: until it has ended and comes back; or a time, ISO 8601 with a zone')
    .optional(),
})
const noteBody = z.strictObject({ text: z.string().trim().min(1).max(LONGEST_NOTE) })

export const problemRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/problems/:id/mute',
    summary:
      'No more messages about this problem: for some seconds, until a time, until it comes back, or until unmute.',
    query: muteQuery,
    answer: 'Problem',
    errors: ['bad-query', 'unknown-problem', 'cross-site'],
    handle({ dashboard, query, id, now }) {
      const { seconds, until } = readQuery(muteQuery, query)
      if (seconds !== undefined && until !== undefined)
        throw new HalfopenError('bad-query', 'until: expected nothing beside seconds.')
      const at =
        seconds !== undefined
          ? now + Number(seconds) * 1000
          : until === undefined || until === 'regressed'
            ? (until ?? null)
            : Date.parse(until)
      if (typeof at === 'number' && (at <= now || at > now + YEAR * 1000))
        throw new HalfopenError('bad-query', 'until: expected a time in the future, a year away at most.')
      return known(dashboard.change(id, { what: 'mute', until: at }))
    },
  },
  write('post', '/unmute', 'Messages about this problem again.', ({ dashboard, id }) =>
    dashboard.change(id, { what: 'unmute' }),
  ),
  write(
    'post',
    '/resolve',
    'It is over, somebody says. Receivers are told of its end; should it happen again, it has come back.',
    ({ dashboard, id }) => dashboard.change(id, { what: 'resolve' }),
  ),
  write('post', '/reopen', 'Takes back resolve. What ended by itself stays as it is.', ({ dashboard, id }) =>
    dashboard.change(id, { what: 'reopen' }),
  ),
  {
    method: 'get',
    path: '/problems/:id/history',
    summary: 'What became of a problem, and the notes on it, the oldest first.',
    query: noQuery,
    answer: 'ProblemHistory',
    errors: ['bad-query', 'unknown-problem'],
    handle({ dashboard, query, id }) {
      readQuery(noQuery, query)
      return known(dashboard.history(id))
    },
  },
  {
    method: 'post',
    path: '/problems/:id/notes',
    summary: `Adds a note: {"text": "…"}, at most ${LONGEST_NOTE} characters.`,
    query: noQuery,
    body: noteBody,
    answer: 'Problem',
    errors: ['bad-query', 'bad-body', 'unknown-problem', 'too-many-notes', 'cross-site'],
    async handle({ dashboard, query, id, request }) {
      readQuery(noQuery, query)
      const { text } = await readJson(request, noteBody, MOST_BYTES)
      return known(dashboard.change(id, { what: 'note', text }))
    },
  },
  write(
    'delete',
    '/notes/:note',
    'Takes a note away.',
    ({ dashboard, id, note }) =>
      dashboard.change(id, { what: 'forget', note: /^\d{1,15}$/.test(note) ? Number(note) : 0 }),
    ['unknown-note'],
  ),
]

function write(
  method: 'post' | 'delete',
  below: string,
  summary: string,
  run: (asked: Asked) => Problem | null,
  errors: Route['errors'] = [],
): Route {
  return {
    method,
    path: `/problems/:id${below}`,
    summary,
    query: noQuery,
    answer: 'Problem',
    errors: ['bad-query', 'unknown-problem', ...errors, 'cross-site'],
    handle(asked) {
      readQuery(noQuery, asked.query)
      return known(run(asked))
    },
  }
}

export function known<T>(problem: T | null): T {
  if (problem !== null) return problem
  throw new HalfopenError('unknown-problem', 'There is no problem with this id.')
}
