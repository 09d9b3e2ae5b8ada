/** `kubectl logs --prefix`: `[pod/NAME/CONTAINER] LINE`. Source: kubectl pkg/cmd/logs/logs.go. */
import type { Envelope } from './envelope.ts'

const HEAD = /^\[(pod\/[A-Za-z0-9][A-Za-z0-9.-]{0,252}\/[A-Za-z0-9][A-Za-z0-9-]{0,62})\](?: |$)/

export const kubectl: Envelope = {
  id: 'kubectl',
  description: 'kubectl logs --prefix',
  first: '[',
  weak: false,
  examples: [
    {
      line: '[pod/y-844fbc9777-vhl79/nginx] 2024/03/07 21:10:16 [notice] 1#1: nginx/1.25.4',
      payload: '2024/03/07 21:10:16 [notice] 1#1: nginx/1.25.4',
      name: 'pod/y-844fbc9777-vhl79/nginx',
      stamp: null,
    },
  ],
  open(line) {
    const head = HEAD.exec(line)
    if (!head) return null
    return {
      layer: { id: 'kubectl', stamp: null, name: head[1] as string, stream: null },
      payload: line.slice(head[0].length),
    }
  },
}
