/** `docker compose logs` and an attached `docker compose up`: `NAME  | LINE`, the name padded. v1 names end in `_1`, v2
 *  names in `-1`. podman-compose writes `[NAME] | LINE`, docker-cloud wrote `[NAME]STAMP LINE`.
 *  Source: compose pkg/formatter/logs.go. A payload may hold ` | ` itself: only the first one is the envelope's. */
import { DIGITS, LETTERS, type Envelope } from './envelope.ts'
import { STAMP } from './docker-timestamp.ts'

const PADDED = /^([A-Za-z0-9][\w.-]{0,127}) {1,128}\|(?: |$)/
const BRACKETED = /^\[([A-Za-z0-9][\w.-]{0,127})\](?: \|(?: |$)|(?=\d{4}-))/
/** What applications print in front of a pipe. */
const LEVEL = /^(?:trace|debug|info|notice|warn|warning|error|err|critical|crit|fatal|success)$/i

export const compose: Envelope = {
  id: 'compose',
  description: 'docker compose (v1, v2, attached terminal), podman-compose',
  first: `[${LETTERS}${DIGITS}`,
  weak: true,
  examples: [
    {
      line: 'traefik       | time="2026-11-21T06:13:34Z" level=error msg="no backend"',
      payload: 'time="2026-11-21T06:13:34Z" level=error msg="no backend"',
      name: 'traefik',
      stamp: null,
    },
    {
      line: 'n8n-1  | 2026-11-21T06:13:34.185Z | warn | Origin header is missing {"scopes":["push"]}',
      payload: '2026-11-21T06:13:34.185Z | warn | Origin header is missing {"scopes":["push"]}',
      name: 'n8n-1',
      stamp: null,
    },
    {
      line: '[mattermost] | {"timestamp":"2026-11-21 06:13:34.531 +09:00","level":"debug"}',
      payload: '{"timestamp":"2026-11-21 06:13:34.531 +09:00","level":"debug"}',
      name: 'mattermost',
      stamp: null,
    },
    {
      line: '[traefik-1]2026-11-21T06:13:34.254374139Z time="2026-11-21T06:13:34Z" level=warning',
      payload: '2026-11-21T06:13:34.254374139Z time="2026-11-21T06:13:34Z" level=warning',
      name: 'traefik-1',
      stamp: null,
    },
  ],
  open(line) {
    const bracketed = line[0] === '['
    const head = (bracketed ? BRACKETED : PADDED).exec(line)
    if (!head) return null
    const name = head[1] as string
    // A number or an address in front of a pipe is a log format's first field.
    if (!bracketed && (!/[A-Za-z]/.test(name) || LEVEL.test(name))) return null
    const payload = line.slice(head[0].length)
    if (head[0].endsWith(']') && !STAMP.test(payload)) return null
    return { layer: { id: 'compose', stamp: null, name, stream: null }, payload }
  },
}
