/** Kubernetes container logs (containerd, CRI-O) and podman's k8s-file: `TIME STREAM TAGS LINE`, where the first tag is P
 *  for a piece that goes on in the next line of its stream and F for a full or last one.
 *  Source: kubernetes design-proposals kubelet-cri-logging.md. */
import { dated, DIGITS, type Envelope } from './envelope.ts'

const HEAD =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)) (stdout|stderr) ([PF])(?::[^ ]{0,200})?(?: |$)/

export const cri: Envelope = {
  id: 'cri',
  description: 'Kubernetes container logs (CRI), split lines joined',
  first: DIGITS,
  weak: false,
  examples: [
    {
      line: '2026-11-21T06:13:34.123456789Z stdout F 2026-11-21 06:13:34.123 [INFO][7] app.go 12: ready',
      payload: '2026-11-21 06:13:34.123 [INFO][7] app.go 12: ready',
      name: null,
      stamp: '2026-11-21T06:13:34.123456789Z',
    },
    {
      line: '2026-11-21T06:13:35.123456789+00:00 stdout P half of a ',
      payload: 'half of a ',
      name: null,
      stamp: '2026-11-21T06:13:35.123456789+00:00',
    },
  ],
  open(line) {
    if (line[10] !== 'T') return null
    const head = HEAD.exec(line)
    if (!head) return null
    const layer = { id: 'cri', stamp: dated(head[1] as string), name: null, stream: head[2] as string } as const
    const payload = line.slice(head[0].length)
    return head[3] === 'P' ? { layer, payload, end: 'split' } : { layer, payload }
  },
}
