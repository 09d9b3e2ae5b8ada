/** aiohttp's access log behind a logger's head, as Home Assistant prints it: `TIME LEVEL (thread) [aiohttp.access] CLIENT
 *  [STAMP] "REQUEST" STATUS SIZE "REFERER" "AGENT"`. Without a head it is an access log like others.
 *  Source: aiohttp/web_log.py, AccessLogger.LOG_FORMAT. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, plain } from './app-record.ts'
import { behindHead } from './logger-head.ts'

const REQUEST =
  /^(\S{2,100}) \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "([A-Z]{3,10}) (\S{1,8000}) (HTTP\/[\d.]{1,3})" (\d{3}) \d{1,20} "/

/** For the general parsers, which leave such lines. */
export const isAiohttpRequest = (text: string): boolean => text.includes('] "') && REQUEST.test(text)

export const aiohttp: Parser<AppRecord> = {
  id: 'aiohttp',
  description: "aiohttp's access log behind a logger's head (Home Assistant)",
  examples: [
    {
      line: '2026-11-21 06:13:34.008 INFO (MainThread) [aiohttp.access] 172.18.0.5 [21/Nov/2026:05:13:34 +0000] "GET /api/websocket HTTP/1.0" 400 123 "-" "Mozilla/5.0"',
      fields: { time: '2026-11-21T06:13:34.008', level: 'info' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    const head = text.includes('] "') ? behindHead(text, REQUEST) : null
    if (head === null) return miss('no-match')
    const request = REQUEST.exec(head.rest)
    const extra = extras({
      remote_addr: request?.[1],
      request_method: request?.[2],
      request_uri: request?.[3],
      server_protocol: request?.[4],
      status: request?.[5],
    })
    return appRecord('aiohttp', head.time, head.level, head.rest, extra)
  },
}
