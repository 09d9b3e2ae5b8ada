/** `docker logs -t`, `podman logs -t`, `kubectl logs --timestamps`: RFC 3339 with nine digits of a second, and a blank.
 *  Source: moby jsonmessage.RFC3339NanoFixed, podman libpod/logs LogTimeFormat, kubelet RFC3339NanoFixed. Nine digits
 *  always: fewer are an application's own stamp. */
import { dated, DIGITS, type Envelope } from './envelope.ts'

export const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:?\d\d))(?: |$)/

export const dockerTimestamp: Envelope = {
  id: 'docker-timestamp',
  description: 'the stamp of docker logs -t, podman logs -t and kubectl logs --timestamps',
  first: DIGITS,
  weak: true,
  examples: [
    {
      line: '2026-11-21T07:13:34.123456789+01:00 WebSocket: ReadError websocket: close 1006 (abnormal closure): unexpected EOF',
      payload: 'WebSocket: ReadError websocket: close 1006 (abnormal closure): unexpected EOF',
      name: null,
      stamp: '2026-11-21T07:13:34.123456789+01:00',
    },
  ],
  open(line) {
    if (line[10] !== 'T') return null
    const head = STAMP.exec(line)
    if (!head) return null
    return {
      layer: { id: 'docker-timestamp', stamp: dated(head[1] as string), name: null, stream: null },
      payload: line.slice(head[0].length),
    }
  },
}
