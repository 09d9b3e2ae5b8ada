/** The API as data: one entry per address. app.ts serves them, openapi.ts describes them. */
import type { z } from 'zod'
import type { Dashboard } from './dashboard.ts'
import { HalfopenError, type ErrorCodeName } from './errors.ts'
import { alertRoutes } from './alert-routes.ts'
import { eventsQuery, MAX_REPORT, MAX_STEPS, noQuery, rangeOf, readQuery, reportQuery } from './query.ts'
import { series, seriesQuery } from './series.ts'

export interface Asked {
  dashboard: Dashboard
  query: unknown
  id: string
  /** Epoch ms. */
  now: number
}

export interface Route {
  method: 'get' | 'post'
  /** Below BASE/api/v1; `:id` is the id of a problem or a message. */
  path: string
  summary: string
  query: z.ZodObject
  /** Name of the answer's type in wire.ts. */
  answer: string
  errors: readonly ErrorCodeName[]
  /** The JSON answer, or a promise of it. */
  handle(asked: Asked): unknown
}

export const ROUTES: readonly Route[] = [
  {
    method: 'get',
    path: '/report',
    summary: 'What `halfopen analyze --output json` prints, for what is stored; without from and to, for all of it.',
    query: reportQuery,
    answer: 'Report',
    errors: ['bad-query', 'range-too-wide'],
    handle({ dashboard, query }) {
      const { from, to } = readQuery(reportQuery, query)
      const range = rangeOf(from, to, { from: -Infinity, to: Infinity }, MAX_REPORT)
      return dashboard.report(range.from, range.to)
    },
  },
  {
    method: 'get',
    path: '/problems',
    summary: 'Problems, the most urgent first, with what cannot be seen.',
    query: noQuery,
    answer: 'Problems',
    errors: ['bad-query'],
    handle({ dashboard, query }) {
      readQuery(noQuery, query)
      return dashboard.problems()
    },
  },
  {
    method: 'get',
    path: '/problems/:id',
    summary: 'One problem.',
    query: noQuery,
    answer: 'Problem',
    errors: ['unknown-problem'],
    handle: ({ dashboard, id }) => known(dashboard.problem(id)),
  },
  {
    method: 'post',
    path: '/problems/:id/mute',
    summary: 'No more messages about this problem.',
    query: noQuery,
    answer: 'Problem',
    errors: ['unknown-problem', 'cross-site'],
    handle: ({ dashboard, id }) => known(dashboard.mute(id, true)),
  },
  {
    method: 'post',
    path: '/problems/:id/unmute',
    summary: 'Messages about this problem again.',
    query: noQuery,
    answer: 'Problem',
    errors: ['unknown-problem', 'cross-site'],
    handle: ({ dashboard, id }) => known(dashboard.mute(id, false)),
  },
  {
    method: 'get',
    path: '/series',
    summary:
      `Counts over time, in steps; at most ${MAX_STEPS} of them. Default: the last 24 h. With metric=events a Breakdown, with ` +
      'another metric Quantiles, in longer steps where there would be more than 1,500 (step_seconds says).',
    query: seriesQuery,
    answer: 'Series, Breakdown or Quantiles',
    errors: ['bad-query', 'range-too-wide'],
    handle: ({ dashboard, query, now }) => series(dashboard, query, now),
  },
  {
    method: 'get',
    path: '/events',
    summary: 'What log lines said, the newest first, in pages.',
    query: eventsQuery,
    answer: 'EventPage',
    errors: ['bad-query'],
    handle({ dashboard, query }) {
      const { cursor, limit } = readQuery(eventsQuery, query)
      return dashboard.events({ cursor: cursor ?? null, limit: Number(limit ?? 50) })
    },
  },
  {
    method: 'get',
    path: '/sources',
    summary: 'Logs that are followed, how far they are read, and what they cannot show.',
    query: noQuery,
    answer: 'Sources',
    errors: ['bad-query'],
    handle({ dashboard, query }) {
      readQuery(noQuery, query)
      return dashboard.sources()
    },
  },
  ...alertRoutes,
]

function known<T>(problem: T | null): T {
  if (problem !== null) return problem
  throw new HalfopenError('unknown-problem', 'There is no problem with this id.')
}
