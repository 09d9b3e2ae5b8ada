/** Access logs that are combined with more in front or behind: a virtual host, forwarded addresses, times, `rt=…` pairs.
 *  What is at the core, `[time] "request" status`, is certain; the rest is told by form and place. What cannot be told
 *  is kept as `unnamed_1`, `unnamed_2` …: `--log-format` names it. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessRecord } from '../record.ts'
import { accessRecord, layoutCache } from './access.ts'
import { accessPresets } from './access-presets.ts'
import { freeLayout } from './access-free.ts'
import { readPrefix, type Prefix } from './access-prefix.ts'
import { nameTail, tailTokens, type Token } from './access-tail.ts'
import { closingQuote } from './unescape.ts'
import { variantShape, type Core } from './variant-shape.ts'

const ID = 'nginx-access-variant'
const layoutFor = layoutCache(ID, 'default')
const CORE =
  /\[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,9})? [+-]\d{4}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))\] {1,2}"/g
const STATUS = / (\d{3})(?= |$)/y
/** What syslog puts in front, when a collector kept no more of it. */
const TAG = /^(?:[\w.-]{1,255} )?(?:nginx|openresty|tengine|angie)(?:\[\d{1,10}\])?: /
/** The tail that Traefik puts behind combined: count, router, backend, duration. */
const TRAEFIK = / \d{1,20} (?:"[^"]*"|-) (?:"[^"]*"|-) \d{1,15}ms$/
export const variantAccess: Parser<AccessRecord> = {
  id: ID,
  description: 'combined or common with fields before or after it: virtual host, X-Forwarded-For, times, key=value',
  examples: [
    {
      line: '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 811 "-" "Mozilla/5.0" "203.0.113.9" rt=60.004 uct="0.000" uht="0.001" urt="60.003"',
      fields: {
        http_x_forwarded_for: '203.0.113.9',
        request_time: 60.004,
        upstream_header_time: ['0.001'],
        upstream_response_time: ['60.003'],
      },
    },
    {
      line: 'app.test 192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 811 "-" "Mozilla/5.0" 60.004 0.001, 60.003 .',
      fields: {
        host: 'app.test',
        remote_addr: '192.0.2.7',
        request_time: 60.004,
        upstream_response_time: ['0.001', '60.003'],
      },
    },
    {
      line: '10.0.0.2, 10.0.0.1 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 811 "-" "Mozilla/5.0"',
      fields: { http_x_forwarded_for: '10.0.0.2, 10.0.0.1', status: 101 },
    },
  ],
  parse(text): Parsed<AccessRecord> {
    const line = withoutTag(text)
    const core = coreOf(line)
    if (core === 'none') return miss('no-match')
    if (core !== null) {
      const { prefix, tail } = core
      const named = nameTail(tail, prefix.names)
      if (isPreset(line)) return miss('no-match')
      const names = [...prefix.names, 'time_local', 'request', 'status', ...named.names]
      const { time, timeEnd, request, requestEnd, end } = core
      const values = [line.slice(time, timeEnd), line.slice(request, requestEnd), line.slice(end - 3, end)]
      return accessRecord(layoutFor(names), [...prefix.values, ...values, ...named.values])
    }
    const free = freeLayout(line)
    return free === null || isPreset(line) ? miss('no-match') : accessRecord(layoutFor(free.names), free.values)
  },
  shape(text) {
    const core = withoutTag(text) === text ? coreOf(text) : null
    if (core === null || core === 'none') return null
    return variantShape(text, core, core.prefix, core.tail, nameTail(core.tail, core.prefix.names).names)
  },
  explain(line) {
    CORE.lastIndex = 0
    const core = CORE.exec(line)
    if (core === null) return { at: 0, why: 'no [time] "request" in the line' }
    const requestEnd = closingQuote(line, CORE.lastIndex)
    if (requestEnd < 0) return { at: CORE.lastIndex, why: 'expected a quote after the request somewhere' }
    STATUS.lastIndex = requestEnd + 1
    if (!STATUS.test(line)) return { at: requestEnd + 1, why: 'expected a status of three digits after the request' }
    const after = STATUS.lastIndex
    if (readPrefix(line.slice(0, core.index).trim()) === null)
      return { at: core.index, why: 'what stands before [time] is no address and no name' }
    return { at: after, why: 'what follows the status is no row of fields' }
  },
}

/** An address or a name is followed by a blank; only a tag ends in a colon before it. */
const withoutTag = (text: string): string => (text.lastIndexOf(': ', 300) > 0 ? text.replace(TAG, '') : text)

/** `[time] "request" status` with what is before and behind it. Null when there is none, `none` when the line is no access
 *  line of nginx at all. */
function coreOf(line: string): (Core & { prefix: Prefix; tail: Token[] }) | 'none' | null {
  CORE.lastIndex = 0
  let core = CORE.exec(line)
  if (core === null && !line.includes('"') && !line.includes(' HTTP/')) return 'none'
  for (let tries = 0; core !== null && tries < 8; core = CORE.exec(line), tries++) {
    const request = CORE.lastIndex
    const requestEnd = closingQuote(line, request)
    if (requestEnd < 0) break
    STATUS.lastIndex = requestEnd + 1
    const status = STATUS.exec(line)
    const prefix = status === null ? null : readPrefix(line.slice(0, core.index).trim())
    if (status === null || prefix === null) continue
    if (TRAEFIK.test(line.slice(-400))) return 'none'
    const end = STATUS.lastIndex
    const tail = tailTokens(line, end)
    if (tail === null) break
    const [start, time] = [core.index, core.index + 1]
    return { start, time, timeEnd: time + (core[1] as string).length, request, requestEnd, end, prefix, tail }
  }
  return null
}

/** What a preset reads is the preset's, also in a log that has others in between. */
const isPreset = (line: string): boolean => accessPresets.some((preset) => preset.parse(line).ok)
