/** The application could not reach its own remote (Portainer → agent): nginx has no part in it.
 *  Source: koding/websocketproxy dials the agent before it upgrades the browser. */
import { fixOf } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause, Weighed } from '../cause.ts'

const SIGNS: Signs = {
  'app-agent-unreachable': { weight: 0.93, text: 'the application failed to dial its own remote' },
  'app-remote-refused': { weight: 0.88, text: 'what the application itself connects to refused the connection' },
  'app-remote-name-unknown': { weight: 0.88, text: 'the name of what the application itself connects to is not known' },
  'app-remote-timeout': { weight: 0.85, text: 'what the application itself connects to did not answer' },
  'app-remote-reset': { weight: 0.8, text: 'what the application itself connects to broke the connection' },
  'app-socket-remote-away': {
    weight: 0.65,
    text: 'the application itself answered at its socket that what it forwards to (a server of a user, a kernel) is not there',
  },
  'app-remote-failed': { weight: 0.75, text: 'the application failed with what it connects to itself' },
}

export const agentLeg: Cause = {
  id: 'agent-leg',
  title: 'The application cannot reach its own remote{which}: not nginx',
  severity: 'error',
  docs: 'https://docs.portainer.io/admin/environments/add',

  weigh: (view) =>
    weighSigns(view, SIGNS, 'server+path', 'error').map((w) => ({
      ...w,
      severity: 'error' as const,
      values: { which: agent(w) ? ' (the agent)' : '' },
      source: w.observations[0]?.exemplars[0]?.source ?? 'application',
    })),

  fix: (w) =>
    fixOf({
      layer: 'application',
      summary: agent(w)
        ? 'Nothing to change in nginx. Check address, port 9001, TLS and version of the agent that the line names.'
        : 'Nothing to change in nginx. Check that the service the line names runs and can be reached from the application (in containers: by its service name, in the same network).',
    }),
}

const agent = (w: Weighed): boolean => w.observations.some((o) => o.sign === 'app-agent-unreachable')
