/** Syslog messages as a receiver gets them, with their priority; the length in front of them on TCP (RFC 6587 §3.4.1) too.
 *  RFC 3164 is a description of habits: the host may be absent, the stamp may be RFC 3339. nginx sends it:
 *  `<190>Nov 21 06:31:45 vm nginx: …` (ngx_syslog.c). */
import { utf8Bytes } from './docker-json.ts'
import { dated, DIGITS, orNull, type Envelope, type Opened } from './envelope.ts'
import { isIso } from './stamp.ts'
import { readHost, readStamp, readTag } from './syslog-head.ts'

const COUNT = /^([1-9]\d{0,6}) (?=<\d{1,3}>)/
const PRIORITY = /^<(\d{1,3})>/
/** 24 facilities of 8 severities. */
const MAX_PRIORITY = 191
/** RFC 5424 §6.2.2: a version has up to three digits. There is one version; senders count up what they please. */
const HEAD_5424 = /^<\d{1,3}>[1-9]\d{0,2} ([^ ]{1,64}) ([^ ]{1,255}) ([^ ]{1,255}) ([^ ]{1,255}) ([^ ]{1,255}) (?=[-[])/
/** A message without a time must at least have a process id to be one. */
const TAGGED = /^(?:[^\s[\]|]{1,255} )?[^\s:[\]]{1,128}\[\d{1,10}\]: /
const BYTE_ORDER_MARK = '\ufeff'

export const syslog3164: Envelope = {
  id: 'syslog-rfc3164',
  description: 'syslog, RFC 3164 (also nginx access_log syslog:), with or without octet counts',
  first: `<${DIGITS}`,
  weak: false,
  examples: [
    {
      line: '<190>Nov 21 06:31:45 vm nginx: 127.0.0.1 - - [21/Nov/2026:06:31:45 +0000] "GET / HTTP/1.1" 200 3 "-" "-"',
      payload: '127.0.0.1 - - [21/Nov/2026:06:31:45 +0000] "GET / HTTP/1.1" 200 3 "-" "-"',
      name: 'nginx',
      stamp: '11-21T06:31:45',
    },
    {
      line: '<30>Feb 28 06:13:34 192.0.2.7 app[112]: [error] no backend',
      payload: '[error] no backend',
      name: 'app',
      stamp: '02-28T06:13:34',
    },
    {
      line: '<190>Nov 21 06:31:45 nginx: without a host',
      payload: 'without a host',
      name: 'nginx',
      stamp: '11-21T06:31:45',
    },
    {
      line: '<189>Nov 28 15:34:26  nginx: 2026/11/28 15:34:26 [notice] 7#7: using the "epoll" event method',
      payload: '2026/11/28 15:34:26 [notice] 7#7: using the "epoll" event method',
      name: 'nginx',
      stamp: '11-28T15:34:26',
    },
    { line: '36 <13>Dec  1 00:00:00 vm logger: ready', payload: 'ready', name: 'logger', stamp: '12-01T00:00:00' },
  ],
  open: (line) => counted(line, open3164),
}

export const syslog5424: Envelope = {
  id: 'syslog-rfc5424',
  description: 'syslog, RFC 5424, with or without octet counts',
  first: `<${DIGITS}`,
  weak: false,
  examples: [
    {
      line: '<30>1 2026-11-21T06:13:34Z vm 3f1c0a9d2e7b 10339 3f1c0a9d2e7b - method=POST db=0.00',
      payload: 'method=POST db=0.00',
      name: '3f1c0a9d2e7b',
      stamp: '2026-11-21T06:13:34Z',
    },
    {
      line: '70 <165>1 - - app - ID47 [a@1 k="x] \\"y"][b@1 l="2"] \ufeffready',
      payload: 'ready',
      name: 'app',
      stamp: null,
    },
  ],
  open: (line) => counted(line, open5424),
}

function open3164(line: string): Opened | null {
  const priority = PRIORITY.exec(line)
  if (!priority || Number(priority[1]) > MAX_PRIORITY) return null
  const text = line.slice(priority[0].length)
  const head = readStamp(text, true)
  if (head === null) {
    // A sender that knows no time leaves that to the receiver (RFC 3164 §4.3.2).
    const tagged = TAGGED.test(text) ? readTag(text) : null
    if (tagged === null) return null
    return {
      layer: { id: 'syslog-rfc3164', stamp: null, name: tagged.name, stream: tagged.stream },
      payload: tagged.payload,
    }
  }
  // nginx leaves its host empty while it starts: it does not know it yet (ngx_init_cycle).
  const rest = text.slice(text[head.end] === ' ' ? head.end + 1 : head.end)
  const { name, stream, payload } = readTag(rest) ?? readHost(rest)
  return { layer: { id: 'syslog-rfc3164', stamp: head.stamp, name, stream }, payload }
}

function open5424(line: string): Opened | null {
  const head = HEAD_5424.exec(line)
  if (!head || Number(PRIORITY.exec(line)?.[1]) > MAX_PRIORITY) return null
  const [, time = '-', host = '-', app = '-', process = '-'] = head
  if (time !== '-' && !isIso(time)) return null
  const end = dataEnd(line, head[0].length)
  if (end < 0 || (end < line.length && line[end] !== ' ')) return null
  let payload = line.slice(end + 1)
  if (payload.startsWith(BYTE_ORDER_MARK)) payload = payload.slice(1)
  const value = (text: string): string | null => (text === '-' ? null : text)
  return {
    layer: {
      id: 'syslog-rfc5424',
      stamp: time === '-' ? null : dated(time.toUpperCase()),
      name: value(app),
      stream: orNull(`${host} ${process}`),
    },
    payload,
  }
}

/** Where the structured data that begins at `at` ends; -1 when it does not. Values escape `"`, `\` and `]`. */
function dataEnd(line: string, at: number): number {
  if (line[at] === '-') return at + 1
  let quoted = false
  for (let i = at; i < line.length; i++) {
    const c = line[i]
    if (quoted && c === '\\') i++
    else if (c === '"') quoted = !quoted
    else if (c === ']' && !quoted && line[i + 1] !== '[') return i + 1
  }
  return -1
}

/** Opens one message. A count is believed where another counted message follows at its end; else the line is the message. */
function counted(line: string, open: (message: string) => Opened | null): Opened | null {
  const count = COUNT.exec(line)
  if (!count) return line[0] === '<' ? open(line) : null
  const start = count[0].length
  let end = start
  for (let bytes = 0; bytes < Number(count[1]) && end < line.length; end++) bytes += utf8Bytes(line, end)
  const rest = line.slice(end)
  if (!COUNT.test(rest)) return open(line.slice(start))
  const opened = open(line.slice(start, end))
  return opened === null ? null : { ...opened, payload: opened.payload.replace(/[\r\n\0]+$/, ''), rest }
}
