/** `docker service logs`: `NAME.SLOT.TASK@NODE    | LINE`; a global service has its node's id for a slot.
 *  Source: docker/cli cli/command/service/logs.go. Replicas interleave: task and node are part of the name. */
import { DIGITS, LETTERS, type Envelope } from './envelope.ts'

/** Refuses all other lines without going back and forth over their dots. */
const NAMED = /^[\w.-]{1,320}@/
const HEAD = /^([A-Za-z0-9][\w.-]{0,255}\.[a-z0-9]{1,25}\.[a-z0-9]{6,25}@[^\s|]{1,255}) {1,128}\|(?: |$)/

export const swarm: Envelope = {
  id: 'swarm',
  description: 'docker service logs',
  first: LETTERS + DIGITS,
  weak: false,
  examples: [
    {
      line: 'admin_portainer.1.q7x2mz0ab3cd@node2    | 2026/11/21 06:13:34 websocketproxy: bad handshake',
      payload: '2026/11/21 06:13:34 websocketproxy: bad handshake',
      name: 'admin_portainer.1.q7x2mz0ab3cd@node2',
      stamp: null,
    },
  ],
  open(line) {
    if (!NAMED.test(line)) return null
    const head = HEAD.exec(line)
    if (!head) return null
    return {
      layer: { id: 'swarm', stamp: null, name: head[1] as string, stream: null },
      payload: line.slice(head[0].length),
    }
  },
}
