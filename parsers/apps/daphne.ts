/** Django Channels: daphne's access log, runserver's lines, and Django's own lines for refused paths. No stamp has a zone.
 *  Sources: daphne/access.py, daphne/management/commands/runserver.py, django/utils/log.py log_response. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, plain } from './app-record.ts'
import { appTime } from './app-time.ts'

const ACCESS =
  /^(?:([^\s:]{1,100}|[0-9a-f:]{2,60}):\d{1,5}|None) - - \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d)\] "(WS[A-Z]{4,20}|[A-Z]{3,10}) (\S{1,8000})" (\d{3}|-) (\d{1,20}|-)$/
const RUNSERVER =
  /^(?:\[(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d|\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d)\] )?(?:WebSocket (HANDSHAKING|CONNECT|REJECT|DISCONNECT) (\S{1,8000}) \[([^\]\s]{1,100})\]|HTTP ([A-Z]{3,10}) (\S{1,8000}) (\d{3}) \[[\d.]{1,12}, ([^\]\s]{1,100})\])$/
const REFUSED = /^(Not Found|Forbidden|Bad Request|Method Not Allowed \([A-Z]{3,10}\)|Unauthorized): (\/\S{0,4000})$/
/** `runserver` without Channels. */
const DJANGO =
  /^\[(\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d)\] "([A-Z]{3,10}) (\S{1,8000}) (HTTP\/[\d.]{1,3})" (\d{3}) (\d{1,20}|-)$/
/** Django's loggers, where Python's basic format prints them. */
const LOGGER = /^(?:(?:WARNING|INFO|ERROR):)django\.[\w.]{1,60}:/
const STATUS: ReadonlyMap<string, string> = new Map([
  ['Not Found', '404'],
  ['Forbidden', '403'],
  ['Bad Request', '400'],
  ['Unauthorized', '401'],
  ['Method Not Allowed', '405'],
])

export const daphne: Parser<AppRecord> = {
  id: 'daphne',
  description: 'Django Channels: daphne and runserver',
  examples: [
    {
      line: '192.0.2.7:38006 - - [21/Nov/2026:06:13:34] "WSCONNECTING /ws/chat" - -',
      fields: { time: '2026-11-21T06:13:34', message: 'WSCONNECTING /ws/chat' },
    },
    {
      line: '[2026/11/21 06:13:34] WebSocket REJECT /ws/chat [192.0.2.7:39558]',
      fields: { time: '2026-11-21T06:13:34', message: 'WebSocket REJECT /ws/chat [192.0.2.7:39558]' },
    },
    { line: '[21/Nov/2026 06:13:34] "GET /ws/chat HTTP/1.1" 404 2345', fields: { time: '2026-11-21T06:13:34' } },
    { line: 'HTTP GET /ws/chat 404 [0.01, 172.18.0.5:39558]', fields: { time: null } },
    { line: 'Not Found: /ws/chat', fields: { time: null, message: 'Not Found: /ws/chat' } },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line).replace(LOGGER, '')
    const access = ACCESS.exec(text)
    if (access) {
      const [, remote_addr, stamp = '', method = '', uri, status] = access
      const time = appTime(stamp)
      if (time === null) return miss('bad-time')
      return appRecord('daphne', time, null, `${method} ${uri}`, request(method, uri, status, remote_addr))
    }
    const served = RUNSERVER.exec(text)
    if (served) {
      const [, stamp, step, path, peer, method, uri, status, client] = served
      const time = stamp === undefined ? null : appTime(stamp)
      if (stamp !== undefined && time === null) return miss('bad-time')
      const extra = request(step === undefined ? method : `WS${step}`, path ?? uri, status, host(peer ?? client))
      return appRecord('daphne', time, null, text.replace(/^\[[^\]]*\] /, ''), extra)
    }
    const django = DJANGO.exec(text)
    if (django) {
      const [, stamp = '', method, uri, , status] = django
      const time = appTime(stamp)
      if (time === null) return miss('bad-time')
      return appRecord('daphne', time, null, text.replace(/^\[[^\]]*\] /, ''), request(method, uri, status))
    }
    const refused = REFUSED.exec(text)
    if (!refused) return miss('no-match')
    return appRecord(
      'daphne',
      null,
      'warn',
      text,
      request('GET', refused[2], STATUS.get((refused[1] as string).replace(/ \(.*$/, ''))),
    )
  },
}

/** For the general parsers, which leave such lines. */
export const isDjangoRequest = (text: string): boolean => REFUSED.test(text) || RUNSERVER.test(text)

const host = (peer: string | undefined): string | undefined => peer?.replace(/:\d+$/, '')

/** Channels tells handshakes that arrived as such (WSCONNECTING, HANDSHAKING …) from plain requests. */
function request(method?: string, request_uri?: string, status?: string, remote_addr?: string): Map<string, string> {
  const socket = method?.startsWith('WS') === true
  const refused = socket && /REJECT/.test(method ?? '')
  return extras({
    request_method: socket ? 'WEBSOCKET' : method,
    request_uri,
    // A refused handshake is closed with 403 (ASGI: websocket.close before websocket.accept).
    status: refused ? '403' : status === '-' ? undefined : status,
    remote_addr,
  })
}
