/** The application compared Origin with Host and refused: usually Host does not reach it as the browser sent it. */
import { accessControl } from '../access-control.ts'
import {
  fixOf,
  handshake,
  prepare,
  rollBack,
  servingLocation,
  settingsOf,
  snippet,
  TEST_AND_RELOAD,
} from '../advice.ts'
import { agentsOf } from '../agents.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause, Weighed } from '../cause.ts'
import type { ConfigView, Directive, Scope } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'
import { comesAgain } from '../rhythm.ts'
import { scanned } from '../scanned.ts'
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

  weigh: (view, config) => [
    ...[...weighSigns(view, SIGNS, 'server+path', 'error'), ...alone(view)].map((w) => ({
      ...w,
      severity: 'error' as const,
      source: w.observations[0]?.exemplars[0]?.source ?? 'application',
    })),
    ...unsaid(view, config),
  ],

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

const TOLD = [...Object.keys(SIGNS), ...Object.keys(ECHOES), 'app-auth-refused']

/** 403 and no word why, from an application that is told another Host than the browser's: every Origin is foreign to it then.
 *  It stays near a half: a login that is missing is answered with the same status. */
function unsaid(view: View, config: ConfigView | null): Weighed[] {
  if (config === null || view.signs(...TOLD).length > 0) return []
  const forbidden = view.failedHandshakes.filter(
    (o) => o.status === 403 && o.asked !== 'no' && o.answered_by !== 'nginx' && o.scope.path !== null,
  )
  return groupBy(forbidden, 'server+path').flatMap(({ scope, members }): Weighed[] => {
    const repair = config.repair?.('host', scope.server, scope.path) ?? null
    const host = repair?.patch != null && repair.directives.some(({ text }) => text.startsWith('proxy_set_header Host'))
    if (!host || view.upgradedAt(scope).count > 0 || accessControl(scope, 403, config) !== null) return []
    const settings = settingsOf(scope, config)
    const asked = members.some((o) => o.asked === 'yes')
    const again = asked || (comesAgain(members) === true && agentsOf(members) !== 'tools')
    return [
      {
        scope,
        for: [
          {
            weight: asked ? 0.4 : 0.3,
            text: `handshakes were answered 403 (${times(countOf(members))}), and none with 101`,
          },
          {
            weight: again ? 0.35 : 0.15,
            text: `your configuration does not pass Host on as the browser sent it${settings === null ? '' : ` in ${settings.context} (${settings.file}:${settings.line})`}, and applications compare Origin with it`,
          },
        ],
        against: asked ? [] : scanned(scope, members, members, view),
        observations: members,
        severity: again ? 'warning' : 'info',
        alternatives: [
          {
            cause: 'auth-rejected',
            confidence: 0.35,
            check: `${handshake(scope, 'nginx', settings).replace(' | head -1', '')} # 101 without an Origin header: it was the Origin; 403 again: a login is missing`,
          },
        ],
      },
    ]
  })
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
