/** The application could not reach its own remote (Portainer → agent): nginx has no part in it.
 *  Source: koding/websocketproxy dials the agent before it upgrades the browser. */
import { fixOf } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'

const SIGNS: Signs = {
  'app-agent-unreachable': { weight: 0.93, text: 'the application failed to dial its own remote' },
}

export const agentLeg: Cause = {
  id: 'agent-leg',
  title: 'The application cannot reach its agent: not nginx',
  severity: 'error',
  docs: 'https://docs.portainer.io/admin/environments/add',

  weigh: (view) =>
    weighSigns(view, SIGNS, 'server+path', 'error').map((w) => ({
      ...w,
      severity: 'error' as const,
      source: w.observations[0]?.exemplars[0]?.source ?? 'application',
    })),

  fix: () =>
    fixOf({
      layer: 'application',
      summary:
        'Nothing to change in nginx. Check address, port 9001, TLS and version of the agent that the line names.',
    }),
}
