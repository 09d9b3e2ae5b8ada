/** What a real nginx writes for odd requests, in every escape mode, is read back as it was sent. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AccessFields, AccessRecord } from '../../parsers/record.ts'
import { RecordReader } from '../../server/scan/contract.ts'
import { customFormat } from '../../server/scan/choose.ts'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { siteConfig } from '../live/harness/config.ts'
import { startNginx, type Nginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { run } from '../cli/run.ts'

const TEXT =
  '$remote_addr - $remote_user [$time_local] $msec "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" ' +
  '"$http_x_forwarded_for" rt=$request_time up="$upstream_addr" [$upstream_status] $upstream_response_time ' +
  '$scheme://$host$request_uri $request_method$uri$is_args$args|$server_protocol'
const JSON_TEXT =
  '{"time":"$time_iso8601","client":"$remote_addr","user":"$remote_user","request":"$request","status":$status,' +
  '"bytes":$body_bytes_sent,"referer":"$http_referer","ua":"$http_user_agent","xff":"$http_x_forwarded_for",' +
  '"rt":$request_time,"up":"$upstream_addr","ustatus":"$upstream_status","urt":"$upstream_response_time"}'

/** As people write it: over several lines. */
const quoted = (text: string): string => {
  const middle = text.indexOf('"$http_referer"')
  return middle < 0 ? `'${text}'` : `'${text.slice(0, middle)}'\n        '${text.slice(middle)}'`
}
/** Name → arguments of log_format. */
const FORMATS = {
  text_default: quoted(TEXT),
  text_json: `escape=json ${quoted(TEXT)}`,
  text_none: `escape=none ${quoted(TEXT)}`,
  json_json: `escape=json ${quoted(JSON_TEXT)}`,
  json_default: quoted(JSON_TEXT),
  json_none: `escape=none ${quoted(JSON_TEXT)}`,
}
type Format = keyof typeof FORMATS

const basic = (user: string): string => `Authorization: Basic ${Buffer.from(`${user}:x`).toString('base64')}`
/** Raw requests, and what must come out. */
const REQUESTS: { send: string; fields: AccessFields; quotes?: true }[] = [
  {
    send: 'GET /plain?a=1 HTTP/1.1\r\nHost: app.test\r\nUser-Agent: Mozilla/5.0 (X11; Linux)\r\nReferer: https://r.example/\r\nX-Forwarded-For: 203.0.113.9, 10.0.0.1\r\n',
    fields: {
      request_method: 'GET',
      request_uri: '/plain?a=1',
      server_protocol: 'HTTP/1.1',
      status: 200,
      http_user_agent: 'Mozilla/5.0 (X11; Linux)',
      http_referer: 'https://r.example/',
      http_x_forwarded_for: '203.0.113.9, 10.0.0.1',
    },
  },
  {
    send: `GET /b HTTP/1.1\r\nHost: app.test\r\nUser-Agent: back\\slash \t tab {x: 1} é\u0001 [21/Nov/2020:00:00:00 +0000]\r\n${basic('a - b [x] y')}\r\n`,
    fields: {
      remote_user: 'a - b [x] y',
      status: 200,
      http_user_agent: 'back\\slash \t tab {x: 1} é\u0001 [21/Nov/2020:00:00:00 +0000]',
    },
  },
  {
    send: 'GET /q?x="y" HTTP/1.1\r\nHost: app.test\r\nUser-Agent: a "quoted" \\" agent, client: 6.6.6.6, server: x\r\nReferer: "," \\\r\n',
    fields: {
      request_uri: '/q?x="y"',
      http_user_agent: 'a "quoted" \\" agent, client: 6.6.6.6, server: x',
      http_referer: '"," \\',
    },
    quotes: true,
  },
  {
    send: 'GET /retry HTTP/1.1\r\nHost: app.test\r\n',
    fields: { status: 200, upstream_status: ['502', '200'], request_uri: '/retry' },
  },
  { send: '\u0016\u0003\u0001\u0000garbage\r\n', fields: { status: 400 } },
  { send: 'GET /old\r\n', fields: { request_method: 'GET', request_uri: '/old', status: 200 } },
]

describeWith('nginx', 'a real nginx', () => {
  let nginx: Nginx
  let configFile: string
  beforeAll(async () => {
    nginx = await startNginx((site) => {
      const names = Object.keys(FORMATS) as Format[]
      const http = [
        ...names.map((name) => `    log_format ${name} ${FORMATS[name]};`),
        ...names.map((name) => `    access_log ${site.dir}/${name}.log ${name};`),
        // One port where nothing listens, one that is this nginx.
        `    upstream pair { server 127.0.0.1:9; server 127.0.0.1:${site.port}; }`,
        '    proxy_next_upstream_tries 2;',
        '',
      ].join('\n')
      const locations = `        location / { return 200; }\n        location /retry { proxy_pass http://pair/inner; }\n`
      return siteConfig(site, { http, locations })
    })
    configFile = nginx.configFile
    for (const { send } of REQUESTS) {
      const socket = connect(nginx.port, '127.0.0.1')
      // Not ended: nginx would take that for a visitor who left.
      socket.write(Buffer.from(`${send}Connection: close\r\n\r\n`, 'utf8'))
      socket.resume()
      await once(socket, 'close')
    }
    await nginx.stop()
  })
  afterAll(() => nginx.close())

  /** Records of the requests above, in their order; what nginx asked itself is left out. */
  function read(file: string, parsers: ConstructorParameters<typeof RecordReader>[0]['parsers']): AccessRecord[] {
    const records: AccessRecord[] = []
    const reader = new RecordReader({ path: file, shift: (wall) => wall, ...(parsers ? { parsers } : {}) })
    reader.onRecord = (record, _line, raw) => {
      if (record?.type !== 'access') throw new Error(`not read: ${raw}`)
      if (!raw.includes('/inner')) records.push(record)
    }
    reader.read(readFileSync(file), 1, emptyEvidence(), null, true)
    return records
  }

  it.each(Object.keys(FORMATS) as Format[])('%s', (name) => {
    const file = path.join(nginx.dir, `${name}.log`)
    const given = read(file, [customFormat(`log_format ${name} ${FORMATS[name]};`)])
    expect(given.length).toBe(REQUESTS.length)
    REQUESTS.forEach(({ fields, quotes }, i) => {
      // escape=none leaves quotes bare: where a value ends, nobody can tell.
      if (quotes && name.endsWith('_none')) return
      const record = given[i] as AccessRecord
      expect(record.fields, `request ${i}`).toMatchObject({ remote_addr: '127.0.0.1', ...fields })
      expect(record.time).not.toBeNull()
      expect(typeof record.fields.request_time).toBe('number')
    })
  })

  it.each(['json_json', 'json_default'] as Format[])('%s without being told the format', (name) => {
    const found = read(path.join(nginx.dir, `${name}.log`), undefined)
    expect(found.every(({ format }) => format === 'nginx-access-json')).toBe(true)
    REQUESTS.forEach(({ fields }, i) => expect(found[i]?.fields, `request ${i}`).toMatchObject(fields))
  })

  it('the formats of the configuration are used, multi-line strings and escape included', async () => {
    const { stdout, stderr, code } = await run(['parse', '--config', configFile, path.join(nginx.dir, 'text_json.log')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(objects.every(({ format }) => format === 'log_format')).toBe(true)
    expect(objects[1]).toMatchObject({ remote_user: 'a - b [x] y', uri: '/b', host: 'app.test' })
  })
})
