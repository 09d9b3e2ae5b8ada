/** `stern`: `POD CONTAINER LINE`, with `--all-namespaces` `NAMESPACE POD CONTAINER LINE`; kubetail writes
 *  `[POD CONTAINER] LINE`. No separator and no mark: only names that Kubernetes makes are taken, whose end is
 *  random (`web-0` is anything), and only where a parser reads the rest. Source: stern cmd/cmd.go, default templates. */
import { LETTERS, orNull, type Envelope } from './envelope.ts'

/** Kubernetes' random ends have neither vowels nor digits that look like some (apimachinery pkg/util/rand). */
const POD = String.raw`[a-z0-9][a-z0-9.-]{0,200}-[bcdfghjklmnpqrstvwxz2456789]{5}`
const NAME = '[a-z0-9][a-z0-9-]{0,62}'
const HEAD = new RegExp(`^(?:(?:${NAME} )?(${POD}) (${NAME}) |\\[(${POD})(?: (${NAME}))?\\] )`)

export const stern: Envelope = {
  id: 'stern',
  description: 'stern and kubetail: pod and container before each line',
  first: `[${LETTERS.slice(0, 26)}0123456789`,
  weak: true,
  guessed: true,
  examples: [
    {
      line: 'web-6d4f8b7c9-x2x7q nginx 2026/11/21 06:13:34 [notice] 1#1: nginx/1.22.1',
      payload: '2026/11/21 06:13:34 [notice] 1#1: nginx/1.22.1',
      name: 'web-6d4f8b7c9-x2x7q',
      stamp: null,
    },
    {
      line: '[chat-7d9f8-x2x7q] 2026/11/21 06:13:34 [notice] 1#1: nginx/1.22.1',
      payload: '2026/11/21 06:13:34 [notice] 1#1: nginx/1.22.1',
      name: 'chat-7d9f8-x2x7q',
      stamp: null,
    },
  ],
  open(line) {
    const head = HEAD.exec(line.slice(0, 600))
    if (!head) return null
    return {
      layer: { id: 'stern', stamp: null, name: (head[1] ?? head[3]) as string, stream: orNull(head[2] ?? head[4]) },
      payload: line.slice(head[0].length),
    }
  },
}
