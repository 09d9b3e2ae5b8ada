/** The API of the nginx configuration that the server was started with. Nothing here takes a configuration: what is handed in
 *  must never be run. */
import { JsonLines } from './json-lines.ts'
import { HalfopenError } from './errors.ts'
import { eitherQuery, noQuery, readQuery, servesQuery } from './query.ts'
import type { Route } from './routes.ts'

export const configRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/config',
    summary: 'The nginx configuration that halfopen was told of (nginx_config), its files, and what is wrong in them.',
    query: noQuery,
    answer: 'ConfigState',
    errors: ['bad-query'],
    handle({ dashboard, query }) {
      readQuery(noQuery, query)
      return dashboard.config()
    },
  },
  {
    method: 'get',
    path: '/config/serves',
    summary:
      'Which block of the nginx configuration serves an address, or what a problem is about, and what it passes on.',
    query: eitherQuery,
    answer: 'ServedBy or null',
    errors: ['bad-query', 'unknown-problem'],
    handle({ dashboard, query }) {
      const what = either(query)
      return 'url' in what ? dashboard.servedBy(what.url) : dashboard.servesProblem(what.problem)
    },
  },
  {
    method: 'get',
    path: '/config/lint',
    summary: 'What `halfopen lint` says of the nginx configuration, the worst first, with file and line.',
    query: noQuery,
    answer: 'ConfigLint',
    errors: ['bad-query', 'no-nginx-config'],
    handle({ dashboard, query }) {
      readQuery(noQuery, query)
      return dashboard.lint()
    },
  },
  {
    method: 'post',
    path: '/config/probe',
    summary:
      'A real handshake with the configured nginx, where it listens on this machine, and with the backend it passes the ' +
      'address to; each step a line of JSON.',
    query: servesQuery,
    answer: 'RunLine (lines)',
    errors: ['bad-query', 'no-nginx-config', 'not-served', 'run-busy', 'run-too-long', 'cross-site'],
    handle({ dashboard, query }) {
      const url = new URL(readQuery(servesQuery, query).url)
      return new JsonLines((gone) => dashboard.probe(url, gone))
    },
  },
  {
    method: 'post',
    path: '/config/prove',
    summary:
      'The configured nginx.conf in a throw-away nginx, with a handshake for an address, or for a problem before and after ' +
      'its patch; each step a line of JSON.',
    query: eitherQuery,
    answer: 'RunLine (lines)',
    errors: [
      'bad-query',
      'no-nginx-config',
      'unknown-problem',
      'nothing-to-prove',
      'run-busy',
      'run-too-long',
      'cross-site',
    ],
    handle({ dashboard, query }) {
      const what = either(query)
      return new JsonLines((gone) => dashboard.prove(what, gone))
    },
  },
]

/** Throws bad-query. */
function either(query: unknown): { url: URL } | { problem: string } {
  const { url, problem } = readQuery(eitherQuery, query)
  if ((url === undefined) === (problem === undefined))
    throw new HalfopenError('bad-query', 'url: expected either url or problem.')
  return problem === undefined ? { url: new URL(url ?? '') } : { problem }
}
