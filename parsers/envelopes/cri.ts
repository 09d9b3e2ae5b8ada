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
      line: '2017-09-12T22:32:21.212861448Z stdout F 2017-09-12 22:32:21.212 [INFO][88] table.go 710: Invalidating dataplane cache',
      payload: '2017-09-12 22:32:21.212 [INFO][88] table.go 710: Invalidating dataplane cache',
      name: null,
      stamp: '2017-09-12T22:32:21.212861448Z',
    },
    {
      line: '2019-05-07T18:57:50.904275087+00:00 stdout P 1a. some ',
      payload: '1a. some ',
      name: null,
      stamp: '2019-05-07T18:57:50.904275087+00:00',
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
