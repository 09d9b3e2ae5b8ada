/** Access logs written as `key=value key="value"`, among them the format `halfopen log-format` recommends, and as LTSV:
 *  `key:value` separated by tabs. Keys are nginx variable names or the usual short ones (access-keys.ts). */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessRecord } from '../record.ts'
import { accessRecord, layoutCache } from './access.ts'
import { byVariable, isApplication, settle } from './access-keys.ts'
import { KeyedShape } from './keyed-shape.ts'
import { closingQuote } from './unescape.ts'

/** A stamp may stand before the first key. */
const LEAD = /^(?:\[([^\]"=]{19,40})\]|"([^"=]{19,40})"|(\d{4}-\d\d-\d\dT[\d:.,+Z-]{8,24}))(?=[ \t])/
const KEY = /(?:^|[ \t]|, ?| \| |; ?)([A-Za-z_@][\w.@-]{0,63})=/g
const layoutFor = layoutCache('nginx-access-kv', 'default')

export const keyValueAccess: Parser<AccessRecord> = {
  id: 'nginx-access-kv',
  description: 'access log as key=value pairs or LTSV (nginx variable names or short ones such as rt, urt, ustatus)',
  examples: [
    {
      line: 'time=2026-11-21T06:13:51+00:00 msec=1795241631.896 pid=487 conn=1 client=127.0.0.1:58772 vhost="app.test" req="GET /ws HTTP/1.1" status=101 rt=2.002 uht="0.001" urt="2.002" ustatus="101" uaddr="127.0.0.1:49297" h_upgrade="websocket"',
      fields: {
        remote_addr: '127.0.0.1',
        remote_port: 58772,
        request_uri: '/ws',
        status: 101,
        request_time: 2.002,
        upstream_response_time: ['2.002'],
        upstream_header_time: ['0.001'],
        http_upgrade: 'websocket',
        server_name: 'app.test',
        connection: 1,
      },
    },
    {
      line: 'time:21/Nov/2026:06:13:34 +0000\thost:192.0.2.7\tforwardedfor:-\treq:GET /ws HTTP/1.1\tstatus:101\tsize:811\treferer:-\tua:Mozilla/5.0\treqtime:60.004\tapptime:60.003\tvhost:app.test',
      fields: { remote_addr: '192.0.2.7', request_uri: '/ws', status: 101, upstream_response_time: ['60.003'] },
    },
  ],
  parse(line): Parsed<AccessRecord> {
    // Cheap refusals first: this parser is tried on every line that nothing else read.
    const pairs = isLabelled(line) ? labels(line) : pairsOf(line)
    if (pairs === null || isApplication(pairs.keys())) return miss('no-match')
    const found = byVariable(pairs)
    if (!/^\d{3}$/.test(found.get('status') ?? '')) return miss('no-match')
    settle(found)
    return accessRecord(layoutFor([...found.keys()]), [...found.values()])
  },
  shape(line) {
    const shape = new KeyedShape(line, false)
    if (isLabelled(line)) labels(line, (key, from, to) => shape.value(key, from, to, true))
    else pairsOf(line, (key, from, to, quoted) => shape.value(key, from, to, quoted))
    return shape.finish()
  },
  explain(line) {
    const first = keyAt(line, LEAD.exec(line)?.[0].length ?? 0)
    if (first?.index !== 0 && !LEAD.test(line)) return { at: 0, why: 'expected key=value' }
    return /\bstatus(?:_code)?[=:]/i.test(line)
      ? { at: 1, why: 'key=value pairs with something between them, or a quote that is not closed' }
      : { at: line.length, why: 'key=value pairs without a status' }
  },
}

const isLabelled = (line: string): boolean => line.includes('\tstatus:') || line.startsWith('status:')

/** Told of every value and where it stands. */
type OnValue = (key: string, from: number, to: number, quoted: boolean) => void

function labels(line: string, onValue?: OnValue): Map<string, string> {
  const pairs = new Map<string, string>()
  let at = 0
  for (const item of line.split('\t')) {
    const colon = item.indexOf(':')
    if (colon > 0) {
      const key = item.slice(0, colon)
      pairs.set(key, item.slice(colon + 1))
      onValue?.(key, at + colon + 1, at + item.length, false)
    }
    at += item.length + 1
  }
  return pairs
}

/** A value in quotes ends at the next bare one, another value where the next key begins: lists and stamps hold blanks. */
function pairsOf(line: string, onValue?: OnValue): Map<string, string> | null {
  if (!/\bstatus(?:_code)?=/i.test(line)) return null
  const pairs = new Map<string, string>()
  const lead = LEAD.exec(line)
  if (lead) {
    const stamp = (lead[1] ?? lead[2] ?? lead[3]) as string
    pairs.set('time', stamp)
    onValue?.('time', lead[0].indexOf(stamp), lead[0].indexOf(stamp) + stamp.length, true)
  }
  let at = lead ? lead[0].length : 0
  let key = keyAt(line, at)
  if (key === null || key.index !== at) return null
  while (key !== null) {
    const name = key[1] as string
    at = key.index + key[0].length
    const quoted = line[at] === '"'
    const end = quoted ? closingQuote(line, at + 1) : at
    if (end < 0) return null
    const next = keyAt(line, quoted ? end + 1 : at)
    if (quoted) {
      if (next === null ? end + 1 < line.length : next.index > end + 1) return null
      pairs.set(name, line.slice(at + 1, end))
      onValue?.(name, at + 1, end, true)
    } else {
      const value = line.slice(at, next === null ? line.length : next.index)
      pairs.set(name, value.replace(/^\[(.*)\]$/, '$1'))
      onValue?.(name, at, at + value.length, false)
    }
    key = next
  }
  return pairs
}

function keyAt(line: string, at: number): RegExpExecArray | null {
  KEY.lastIndex = at
  return KEY.exec(line)
}
