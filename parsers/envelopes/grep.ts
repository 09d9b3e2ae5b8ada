/** What grep and zgrep put before a line that they found: `FILE:LINE`, with -n `FILE:NUMBER:LINE` or `NUMBER:LINE`, and `-`
 *  in place of the colon for context. Source: GNU grep(1), "Output Line Prefix Control". */
import { DIGITS, LETTERS, type Envelope } from './envelope.ts'

/** A name that ends as logs do: a word and a colon stand before many lines. */
const FILE =
  /^((?:\.{0,2}\/)?(?:[\w@+.-]{1,100}\/){0,12}[\w@+.-]{0,100}?(?:log|txt|out|err)(?:[.-]\d{1,10})?(?:\.(?:gz|zst|bz2|xz))?):(?:\d{1,10}:(?!\d\d(?:[AP]M|:\d\d(?!:\d\d))))?/
/** Before a date or an address of nginx's only: a number and a colon may be a clock. */
const NUMBER = /^\d{1,10}[:-](?=\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[|\d{1,3}(?:\.\d{1,3}){3} - \S{1,100} \[)/

export const grep: Envelope = {
  id: 'grep',
  description: 'found by grep: the file, the number of the line, or both before it',
  first: `${DIGITS}${LETTERS}./`,
  weak: true,
  guessed: true,
  examples: [
    {
      line: '/var/log/nginx/error.log.2.gz:2026/11/21 06:31:21 [alert] 16644#16644: 8 worker_connections are not enough',
      payload: '2026/11/21 06:31:21 [alert] 16644#16644: 8 worker_connections are not enough',
      name: '/var/log/nginx/error.log.2.gz',
      stamp: null,
    },
    {
      line: 'gotify.log:17:WebSocket: ReadError websocket: close sent',
      payload: 'WebSocket: ReadError websocket: close sent',
      name: 'gotify.log',
      stamp: null,
    },
    {
      line: '17:2026/11/21 06:31:21 [alert] 16644#16644: 8 worker_connections are not enough',
      payload: '2026/11/21 06:31:21 [alert] 16644#16644: 8 worker_connections are not enough',
      name: null,
      stamp: null,
    },
  ],
  open(line) {
    const head = FILE.exec(line) ?? NUMBER.exec(line)
    if (head === null) return null
    const name = head[1] ?? null
    return { layer: { id: 'grep', stamp: null, name, stream: null }, payload: line.slice(head[0].length) }
  },
}
