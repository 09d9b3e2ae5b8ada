/** Effective settings compared with what a real backend behind a real nginx receives. */
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EffectiveProxy } from '../../server/diagnosis/contract.ts'
import { configView, loadConfig } from '../../server/nginx-config/contract.ts'
import { startNginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { wholeConfig } from './config-text.ts'
import { EFFECTIVE_CASES, label } from './effective-cases.ts'

/** What came back: the context that answered (an X-Context header each block adds), and what the backend saw, if it did. */
interface Answer {
  context: string | undefined
  status: number
  backend: { httpVersion: string; headers: IncomingHttpHeaders } | null
}

let backend: Server
beforeAll(
  () =>
    new Promise<void>((resolve) => {
      backend = createServer((req, res) => {
        res.setHeader('x-backend', '1')
        res.end(JSON.stringify({ httpVersion: req.httpVersion, headers: req.headers }))
      })
      backend.listen(0, '127.0.0.1', resolve)
    }),
)
afterAll(() => backend.close())

function ask(port: number, host: string, path: string): Promise<Answer> {
  const headers = { host, upgrade: 'websocket', connection: 'Upgrade' }
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers, agent: false }, (res) => {
      let body = ''
      res.setEncoding('utf8').on('data', (text: string) => (body += text))
      res.on('end', () => {
        const seen = res.headers['x-backend'] === '1' ? (JSON.parse(body) as Answer['backend']) : null
        const context = res.headers['x-context']
        resolve({ context: context?.toString(), status: res.statusCode ?? 0, backend: seen })
      })
    })
      .on('error', reject)
      .end()
  })
}

const VALUES: Readonly<Record<string, string>> = {
  $http_upgrade: 'websocket',
  $http_connection: 'Upgrade',
  $connection_upgrade: 'upgrade',
}

/** The headers a backend must receive when these are the effective settings; only those the cases play with. */
function expected({ set_headers, proxy_http_version }: EffectiveProxy) {
  const out: Record<string, string> = { connection: 'close' }
  for (const [name, { value }] of set_headers) {
    const sent = VALUES[value] ?? value
    if (sent !== '') out[name] = sent
    else delete out[name]
  }
  return { httpVersion: proxy_http_version ?? '1.0', headers: out }
}

function received({ httpVersion, headers }: NonNullable<Answer['backend']>) {
  const kept = Object.entries(headers).filter(
    ([name]) => name.startsWith('x-') || name === 'connection' || name === 'upgrade',
  )
  return { httpVersion, headers: Object.fromEntries(kept) }
}

describeWith('nginx', 'effective settings are what the backend receives', () => {
  it.each(EFFECTIVE_CASES)('$name', async ({ http, requests }) => {
    const { port: backendPort } = backend.address() as AddressInfo
    const nginx = await startNginx(({ dir, port }) =>
      wholeConfig(
        dir,
        http.replaceAll('PORT', `127.0.0.1:${port}`).replaceAll('BACKEND', `http://127.0.0.1:${backendPort}`),
      ),
    )
    try {
      const loaded = loadConfig(nginx.configFile)
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
      const view = configView(loaded.config)
      for (const { host, path, context } of requests) {
        const answer = await ask(nginx.port, host, path)
        const settings = view.settings(host, path)
        // First the case itself: it says which block the request is about.
        expect([host, path, answer.context]).toEqual([host, path, label(context)])
        expect([host, path, settings?.context]).toEqual([host, path, context])
        expect([path, settings?.proxy_pass !== null]).toEqual([path, answer.backend !== null])
        if (settings && answer.backend) expect([path, received(answer.backend)]).toEqual([path, expected(settings)])
      }
    } finally {
      await nginx.close()
    }
  })
})
