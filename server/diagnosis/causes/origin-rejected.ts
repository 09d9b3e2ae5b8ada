/** The application compared Origin with Host and refused: usually Host does not reach it as the browser sent it. */
import { fixOf, prepare, rollBack, servingLocation, snippet, TEST_AND_RELOAD } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause, Weighed } from '../cause.ts'
import type { Directive } from '../contract.ts'
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

  fix(w, config) {
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
