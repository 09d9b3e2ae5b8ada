/** The application compared Origin with Host and refused: usually Host does not reach it as the browser sent it. */
import { fixOf, prepare, rollBack, servingLocation, snippet, TEST_AND_RELOAD } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause, Weighed } from '../cause.ts'
import type { Directive, Scope } from '../contract.ts'
import { groupBy } from '../group.ts'
import type { View } from '../view.ts'

const SIGNS: Signs = {
  'app-origin-refused': { weight: 0.92, text: 'the application refused the Origin of the handshake' },
}

/** Lines that mostly come with one of the above, or with its like about an ordinary request. */
const ECHOES: Signs = {
  'app-origin-refused-echo': {
    weight: 0.7,
    text: 'the application refused the Origin of a request, as it does that of a handshake',
  },
}

export const originRejected: Cause = {
  id: 'origin-rejected',
  title: 'The application refuses the Origin of the handshake',
  severity: 'error',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-10.2',

  weigh: (view) =>
    [...weighSigns(view, SIGNS, 'server+path', 'error'), ...alone(view)].map((w) => ({
      ...w,
      severity: 'error' as const,
      source: w.observations[0]?.exemplars[0]?.source ?? 'application',
    })),

  fix(w, config, view) {
    const { server, path } = refused(w, view)
    const repair = config?.repair?.('host', server, path) ?? null
    if (repair)
      return fixOf({
        layer: repair.patch ? 'nginx' : 'application',
        summary: `${repair.text} Do not switch the check of the application off and do not rewrite Origin.`,
        directives: repair.directives,
        snippet: repair.directives.length > 0 ? snippet(repair.directives) : null,
        patch: repair.patch?.patch ?? null,
        target: repair.patch?.target ?? null,
        prepare: repair.patch ? prepare(config) : [],
        verify: repair.patch ? [TEST_AND_RELOAD] : [],
        rollback: repair.patch ? rollBack(config) : [],
      })
    const context = servingLocation(w.scope)
    const directives: Directive[] = [
      { context, text: 'proxy_set_header Host $http_host;' },
      { context, text: 'proxy_set_header X-Forwarded-Proto $scheme;' },
    ]
    return fixOf({
      layer: 'nginx',
      summary:
        'Pass Host on as the browser sent it, with its port ($host drops the port), and add the public address to the allowed origins of the application. Do not switch its check off and do not rewrite Origin.',
      directives,
      snippet: snippet(directives),
      prepare: prepare(config),
      verify: [TEST_AND_RELOAD],
      rollback: rollBack(config),
    })
  },
}

function alone(view: View): Weighed[] {
  if (view.signs('app-origin-refused').length > 0) return []
  return weighSigns(view, ECHOES, 'server+path', 'error').map((w) => ({
    ...w,
    observations: w.observations.map((o) => ({ ...o, echo: false })),
    count: w.observations.reduce((sum, { count }) => sum + count, 0),
  }))
}

/** The application's line rarely names the path: then it is that of the only handshakes that were answered 403. */
function refused({ scope }: Weighed, view: View): Pick<Scope, 'server' | 'path'> {
  if (scope.path !== null) return scope
  const [first, ...others] = groupBy(
    view.failedHandshakes.filter(({ status, scope: { path } }) => status === 403 && path !== null),
    'server+path',
  )
  return first && others.length === 0 ? first.scope : scope
}
