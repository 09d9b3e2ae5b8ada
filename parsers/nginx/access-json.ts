/** Access logs whose `log_format` is a JSON object, recognised by their keys. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessRecord } from '../record.ts'
import { accessRecord, layoutCache } from './access.ts'
import { byVariable, isApplication, settle, snake, variableOfKey } from './access-keys.ts'
import { jsonShape } from './json-shape.ts'
import { flatJson, hasByteEscapes } from './json-text.ts'

const ID = 'nginx-access-json'
const layouts = { json: layoutCache(ID, 'json'), default: layoutCache(ID, 'default') }

export const jsonAccess: Parser<AccessRecord> = {
  id: ID,
  description: 'access log as JSON objects, keys mapped by name (status and request, or method and URI, are needed)',
  examples: [
    {
      line: '{"time":"2026-11-21T06:13:35+00:00","conn":"1","req":"GET /ws HTTP/1.1","status":426,"rt":0.000,"urt":"0.000, 0.001","ustatus":"502, 426","h_upgrade":"websocket"}',
      fields: {
        connection: 1,
        request_uri: '/ws',
        status: 426,
        upstream_status: ['502', '426'],
        http_upgrade: 'websocket',
      },
    },
    {
      line: '{"@timestamp":"2026-11-21T06:13:35+00:00","http":{"request":{"method":"GET","referrer":"-"},"response":{"status_code":101},"version":"1.1"},"url":{"path":"/ws","query":"id=1"},"source":{"ip":"192.0.2.7"},"user_agent":{"original":"Mozilla/5.0"}}',
      fields: {
        remote_addr: '192.0.2.7',
        request_method: 'GET',
        request_uri: '/ws?id=1',
        server_protocol: 'HTTP/1.1',
        status: 101,
        http_user_agent: 'Mozilla/5.0',
      },
    },
    {
      line: '{"msec":1795241615.062,"remote_addr":"192.0.2.7","request":"GET /a\\x22b HTTP/1.1","status":200,"upstream_response_time":-,"request_time":0.001}',
      fields: { request_uri: '/a"b', request_time: 0.001 },
    },
  ],
  parse(line): Parsed<AccessRecord> {
    if (!/^\s{0,8}\{/.test(line) || !/stat|code|response/i.test(line)) return miss('no-match')
    const flat = flatJson(line)
    if (flat === null || isApplication(flat.keys())) return miss('no-match')
    const found = byVariable(flat)
    // Google's httpRequest wants `$host$request_uri`.
    const whole = flat.has('httpRequest_requestUrl') ? /^([^/\s]+)(\/.*)$/s.exec(found.get('request_uri') ?? '') : null
    if (whole && !found.has('host')) found.set('host', whole[1] as string).set('request_uri', whole[2] as string)
    settle(found)
    if (!/^\d{3}$/.test(found.get('status') ?? '')) return miss('no-match')
    const uri = found.get('request') ?? found.get('request_uri')
    // Any service answers with a status; a log line of nginx has the request line, or a path.
    if (uri === undefined || !(found.has('request') || /^(?:[/*-]|[a-z]{2,8}:\/\/)/.test(uri))) return miss('no-match')
    const layout = layouts[hasByteEscapes(line) ? 'default' : 'json']([...found.keys()])
    return accessRecord(layout, [...found.values()])
  },
  shape: jsonShape,
  explain(line) {
    if (!/^\s{0,8}\{/.test(line)) return { at: 0, why: 'expected a JSON object' }
    const flat = flatJson(line)
    if (flat === null) return { at: 1, why: 'begins like a JSON object and is none' }
    if (isApplication(flat.keys())) return { at: 2, why: "JSON with an application's keys (message, level)" }
    const status = [...flat].find(([key]) => (variableOfKey(key) ?? snake(key)) === 'status')
    const lacking = !/^\d{3}$/.test(status?.[1] ?? '') ? 'a status of three digits' : 'a request or its URI'
    return { at: line.length, why: `JSON without ${lacking}` }
  },
}
