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
      line: '[pod/web-6d4f8b7c9-x2x7q/nginx] 2026/11/21 06:13:34 [notice] 1#1: nginx/1.22.1',
      payload: '2026/11/21 06:13:34 [notice] 1#1: nginx/1.22.1',
      name: 'pod/web-6d4f8b7c9-x2x7q/nginx',
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
