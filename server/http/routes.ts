/** The API as data: one entry per address. app.ts serves them, openapi.ts describes them. */
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import type { Dashboard } from './dashboard.ts'
import type { ErrorCodeName } from './errors.ts'
import { alertRoutes } from './alert-routes.ts'
import { configRoutes } from './config-routes.ts'
import { known, problemRoutes } from './problem-routes.ts'
import {
  analyzeQuery,
  contextQuery,
  eventsQuery,
  MAX_REPORT,
  MAX_STEPS,
  noQuery,
  rangeOf,
  readQuery,
  reportQuery,
} from './query.ts'
import { shareRoutes } from './share-routes.ts'
import { lengthsQuery, series, seriesQuery, whereOf } from './series.ts'

const DAY = 86_400_000

export interface Asked {
  dashboard: Dashboard
  query: unknown
  id: string
  /** '' where the path has none. */
  note: string
  /** Epoch ms. */
  now: number
  /** For routes that read a body. */
  request: IncomingMessage
}

export interface Route {
  method: 'get' | 'post' | 'delete'
  /** Below BASE/api/v1; `:id` is the id of a problem or a message. */
  path: string
  summary: string
  query: z.ZodObject
  /** JSON that the request has to carry; absent: none, or another kind of body. */
  body?: z.ZodObject
  /** Name of the answer's type in wire.ts. */
  answer: string
  /** Its media types; absent: application/json. */
  types?: readonly string[]
  errors: readonly ErrorCodeName[]
  /** The JSON answer; a RawJson is sent as it is, JsonLines line by line, a Download as a file. */
  handle(asked: Asked): unknown
}

/** JSON that is text already. */
export class RawJson {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
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
    method: 'get',
    path: '/problems/:id/context',
    summary: 'The lines of the log around a line of its evidence, masked.',
    query: contextQuery,
    answer: 'ContextLines',
    errors: ['bad-query', 'unknown-problem', 'no-context'],
    handle({ dashboard, query, id }) {
      const { source, line } = readQuery(contextQuery, query)
      return dashboard.context(id, source, Number(line))
    },
  },
  ...problemRoutes,
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
    path: '/lengths',
    summary:
      'How long sessions lived, the lengths at which many ended, and the timeouts those match. Default: the last 24 h.',
    query: lengthsQuery,
    answer: 'SessionLengths',
    errors: ['bad-query', 'range-too-wide'],
    handle({ dashboard, query, now }) {
      const asked = readQuery(lengthsQuery, query)
      const to = asked.to === undefined ? now : Date.parse(asked.to)
      const range = rangeOf(asked.from, asked.to, { from: to - DAY, to: now }, MAX_REPORT)
      return dashboard.lengths({ ...range, where: whereOf(asked) })
    },
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
  ...configRoutes,
  {
    method: 'post',
    path: '/analyze',
    summary:
      'What `halfopen analyze --output json` prints for the files of a multipart/form-data body: any number named log, and ' +
      'config (nginx.conf with what it includes, or the output of nginx -T). Nothing of it is stored.',
    query: analyzeQuery,
    answer: 'Report',
    errors: [
      'bad-query',
      'bad-upload',
      'cross-site',
      'upload-too-large',
      'analyze-failed',
      'analyze-too-long',
      'analyze-busy',
    ],
    async handle({ dashboard, query, request }) {
      const { timezone, log_format } = readQuery(analyzeQuery, query)
      const length = Number(request.headers['content-length'] ?? Number.NaN)
      const gone = new AbortController()
      const leave = () => gone.abort()
      const { socket } = request
      socket.once('close', leave)
      try {
        const report = await dashboard.analyze({
          contentType: request.headers['content-type'],
          length: Number.isFinite(length) ? length : null,
          // Else an upload that is refused half way would take the connection with it, and the answer.
          body: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>,
          timezone: timezone ?? null,
          logFormat: log_format ?? null,
          gone: gone.signal,
        })
        return new RawJson(report)
      } finally {
        socket.off('close', leave)
      }
    },
  },
  ...shareRoutes,
  ...alertRoutes,
]
