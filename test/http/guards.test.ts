import { describe, expect, it } from 'vitest'
import { checkListen } from '../../server/http/contract.ts'
import { isLoopback, isOwnHost } from '../../server/http/listen-address.ts'
import { folder, startIn } from '../serve/running.ts'

const start = (yaml = '') => startIn(folder(), `sources: [nothing.log]\n${yaml}`)

describe('Host', () => {
  it('answers 421 to foreign names, whatever is asked', async () => {
    const server = await start('allowed_hosts: [logs.example.org]')
    for (const path of ['/', '/api/v1/report', '/api/v1/stream', '/metrics', '/healthz']) {
      const refused = await server.ask(path, { headers: { host: `rebound.example:${server.port}` } })
      expect(refused.status).toBe(421)
      expect(refused.json()).toMatchObject({
        error: { code: 'host-not-allowed', hint: expect.stringContaining('allowed_hosts') },
      })
    }
    for (const host of [
      `127.0.0.1:${server.port}`,
      'localhost',
      '[::1]:80',
      'LOGS.example.org',
      'logs.example.org.:443',
    ]) {
      expect((await server.ask('/healthz', { headers: { host } })).status).toBe(200)
    }
  })

  it.each([
    ['192.168.1.5:11006', '0.0.0.0', true],
    ['[fd00::5]:11006', '::', true],
    ['evil.example', '0.0.0.0', false],
    ['192.168.1.5', '127.0.0.1', false],
    ['192.168.1.5', '192.168.1.5', true],
    ['127.0.0.1.evil.example', '127.0.0.1', false],
    ['localhost.evil.example', '127.0.0.1', false],
    ['evil.example@localhost', '127.0.0.1', false],
    ['', '127.0.0.1', false],
    [undefined, '127.0.0.1', false],
  ])('%s, listening on %s: %s', (header, listen, own) => {
    expect(isOwnHost(header, listen, [])).toBe(own)
  })
})

describe('requests that change something', () => {
  it('must come from a page of the dashboard', async () => {
    const server = await start()
    const own = `http://127.0.0.1:${server.port}`
    const post = async (headers: Record<string, string>, path = '/api/v1/problems/none/mute') =>
      (await server.ask(path, { method: 'POST', headers })).status
    expect(await post({})).toBe(403)
    expect(await post({ 'sec-fetch-site': 'cross-site', origin: own })).toBe(403)
    expect(await post({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await post({ 'sec-fetch-site': 'none' })).toBe(403)
    expect(await post({ origin: 'https://evil.example' })).toBe(403)
    expect(await post({ origin: 'null' })).toBe(403)
    expect(await post({ origin: `http://127.0.0.1:${server.port + 1}` })).toBe(403)
    expect(await post({ origin: 'https://evil.example' }, '/no/such/place')).toBe(403)
    // Past the guard: there is no such problem.
    expect(await post({ origin: own })).toBe(404)
    expect(await post({ 'sec-fetch-site': 'same-origin' })).toBe(404)
  })
})

describe('headers', () => {
  it('let nothing run or load that is not ours', async () => {
    const server = await start()
    for (const path of ['/', '/api/v1/problems', '/no/such/place']) {
      const { headers } = await server.ask(path)
      const policy = String(headers['content-security-policy']).split(';').toSorted()
      expect(policy).toEqual(
        [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "img-src 'self' data:",
          "connect-src 'self'",
          "font-src 'self'",
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'",
          "require-trusted-types-for 'script'",
        ].toSorted(),
      )
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers).not.toHaveProperty('strict-transport-security')
      expect(headers).not.toHaveProperty('x-powered-by')
    }
  })
})

describe('listening', () => {
  it.each(['0.0.0.0', '::', '192.168.1.5', 'logs.example.org', '10.0.0.1'])(
    'on %s needs a password or a trusted proxy',
    (host) => {
      const rules = { host, port: 11_006, password: false, trusted_proxy: false }
      expect(() => checkListen(rules)).toThrow(
        /can be reached from other machines; set auth\.password_file .* or auth\.trusted_proxy: true/,
      )
      expect(() => checkListen({ ...rules, password: true })).not.toThrow()
      expect(() => checkListen({ ...rules, trusted_proxy: true })).not.toThrow()
    },
  )

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('on %s needs nothing', (host) => {
    expect(isLoopback(host)).toBe(true)
  })

  it('does not start on a public address', async () => {
    await expect(start('listen: 0.0.0.0:0')).rejects.toMatchObject({ code: 'listen-refused' })
    const server = await start('listen: 0.0.0.0:0\nauth: {trusted_proxy: true}')
    expect((await server.ask('/healthz', { headers: { host: '192.0.2.1' } })).status).toBe(200)
    expect((await server.ask('/healthz', { headers: { host: 'evil.example' } })).status).toBe(421)
  })
})
