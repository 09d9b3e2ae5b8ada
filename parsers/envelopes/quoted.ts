/** A line as people paste it: quoted in a mail or an issue (`> LINE`), in backticks, indented as code. Applications write
 *  such lines too (a stack trace is indented): it is believed only where a parser reads what is left. */
import type { Envelope } from './envelope.ts'

const QUOTE = /^> ?/
/** In bold letters, also behind the mark of a quote. */
const BOLD = /^\*\*([^*].{18,8000}[^*])\*\*$/
const BACKTICKS = /^(`{1,3})([^`]{20,8000})\1$/
/** Heads of nginx's own lines only: what follows a record of an application is indented as well. */
const INDENT =
  /^[ \t]{1,24}(?=\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[[a-z]{4,6}\] \d{1,10}#|\[[a-z]{4,6}\] \d{1,10}#\d{1,10}: \*|[\da-f.:]{3,45} - \S{1,100} \[\d\d\/[A-Z][a-z]{2}\/\d{4}:|\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] )/

const LAYER = { id: 'quoted', stamp: null, name: null, stream: null } as const

export const quoted: Envelope = {
  id: 'quoted',
  description: 'pasted lines: quoted, in backticks, indented',
  first: '>*` \t',
  weak: true,
  guessed: true,
  examples: [
    {
      line: '> WebSocket: ReadError websocket: close sent',
      payload: 'WebSocket: ReadError websocket: close sent',
      name: null,
      stamp: null,
    },
    {
      line: '`WebSocket: ReadError websocket: close sent`',
      payload: 'WebSocket: ReadError websocket: close sent',
      name: null,
      stamp: null,
    },
    {
      line: '**WebSocket: ReadError websocket: close sent**',
      payload: 'WebSocket: ReadError websocket: close sent',
      name: null,
      stamp: null,
    },
    {
      line: '    2026/11/21 06:31:21 [alert] 16644#16644: 8 worker_connections are not enough',
      payload: '2026/11/21 06:31:21 [alert] 16644#16644: 8 worker_connections are not enough',
      name: null,
      stamp: null,
    },
  ],
  open(line) {
    const marked = line[0] === '`' ? BACKTICKS.exec(line) : null
    const bold = line[0] === '*' ? BOLD.exec(line)?.[1] : undefined
    if (bold !== undefined) return { layer: LAYER, payload: bold }
    if (line[0] === '*') return null
    const head = marked ?? (line[0] === '>' ? QUOTE.exec(line) : INDENT.exec(line))
    if (head === null) return null
    const payload = marked?.[2] ?? line.slice(head[0].length)
    return { layer: LAYER, payload: BOLD.exec(payload)?.[1] ?? payload }
  },
}
