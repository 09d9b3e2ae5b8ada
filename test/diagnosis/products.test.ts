/** Advice names the switch, the field or the annotation of the program that writes the configuration. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTheirTerms } from '../../server/diagnosis/product-terms.ts'
import { productOf, type Product } from '../../server/diagnosis/products.ts'
import { reportOf } from '../cases/run-case.ts'

const NONE: ReadonlySet<string> = new Set()

it.each<[Product | null, string]>([
  ['npm', '/data/nginx/proxy_host/3.conf'],
  ['npm', '/data/logs/proxy-host-3_error.log'],
  ['swag', '/config/nginx/proxy-confs/ha.subdomain.conf'],
  ['swag', '/config/log/nginx/error.log'],
  ['plesk', '/var/www/vhosts/system/a.example/logs/proxy_error_log'],
  ['plesk', '/var/www/vhosts/system/a.example/conf/nginx.conf'],
  ['cpanel', '/etc/nginx/conf.d/users/ann.conf'],
  ['cpanel', '/var/log/nginx/domains/a.example'],
  ['synology', '/etc/nginx/sites-enabled/server.ReverseProxy.conf'],
  [null, '/etc/nginx/sites-enabled/a.example.conf'],
  [null, '/var/log/nginx/error.log'],
])('%s by %s', (product, path) => {
  expect(productOf(null, NONE, path, [])).toBe(product)
  expect(productOf(null, NONE, null, [{ source: path }])).toBe(product)
})

it('has a word for what is a switch or a field there', () => {
  const products: Product[] = ['npm', 'swag', 'ingress', 'plesk', 'cpanel', 'synology']
  for (const product of products)
    for (const cause of ['missing-upgrade-headers', 'upstream-http-version', 'idle-timeout'])
      expect(inTheirTerms(cause, product), `${cause} ${product}`).toMatch(/^(?:In|ingress-nginx) .+\.$/)
  expect(inTheirTerms('worker-crash', 'npm')).toBeNull()
})

describe('of a report', () => {
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'halfopen-products-'))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const adviceFor = async (name: string, log: string): Promise<string | undefined> => {
    const file = join(dir, name)
    writeFileSync(file, log)
    return (await reportOf(file)).findings[0]?.fix.summary
  }
  const TIMED_OUT =
    '2026/11/22 09:14:07 [info] 7#7: *3 upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 192.0.2.7, server: ha.example, request: "GET /api/websocket HTTP/1.1", upstream: "http://172.18.0.3:8123/api/websocket", host: "ha.example"\n'

  it('by the name of the log', async () => {
    expect(await adviceFor('proxy-host-4_error.log', TIMED_OUT.repeat(3))).toMatch(
      /^In Nginx Proxy Manager: .*"Advanced"/,
    )
    expect(await adviceFor('error.log', TIMED_OUT.repeat(3))).toMatch(/^First let the application send a heartbeat/)
  })

  it('by the format of the log', async () => {
    const line =
      '192.0.2.7 - - [22/Nov/2026:09:14:07 +0000] "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1" 426 16 "-" "Mozilla/5.0" 201 0.002 [shop-api-3000] [] 10.0.0.4:3000 16 0.002 426 3db73c6c673c4256ade033a6ce08c2ab\n'
    expect(await adviceFor('ingress.log', line.repeat(4))).toContain('ingress-nginx passes the upgrade on by itself')
  })

  it('and says which nginx needs proxy_http_version', async () => {
    const line =
      "2026/11/22 09:14:07 websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header\n"
    const summary = await adviceFor('portainer.log', line.repeat(3))
    expect(summary).toContain('before nginx 1.29.7')
    expect(summary).toContain('"Websockets Support"')
  })
})
