import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, startIn, type Started } from '../serve/running.ts'

const basic = (password: string, user = 'anybody'): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
async function start(): Promise<Started> {
  const dir = folder()
  writeFileSync(join(dir, 'secret'), 'correct hörse\nsecond line\n')
  return startIn(dir, 'sources: [nothing.log]\nlisten: 0.0.0.0:0\nauth: {password_file: secret}')
}

describe('a password', () => {
  it('is asked for everywhere but at the health checks', async () => {
    const server = await start()
    for (const path of ['/', '/api/v1/problems', '/api/v1/stream', '/metrics', '/api/openapi.json']) {
      const refused = await server.ask(path)
      expect(refused.status).toBe(401)
      expect(refused.headers['www-authenticate']).toMatch(/^Basic realm=/)
      expect(refused.json()).toMatchObject({ error: { code: 'password-needed' } })
    }
    expect((await server.ask('/healthz')).status).toBe(200)
  })

  it('opens with the first line of the file, with any user name, again and again', async () => {
    const server = await start()
    const status = async (headers: Record<string, string>) => (await server.ask('/api/v1/problems', { headers })).status
    expect(await status(basic('correct hörse'))).toBe(200)
    expect(await status(basic('correct hörse'))).toBe(200)
    expect(await status(basic('correct hörse', ''))).toBe(200)
    expect(await status(basic('correct horse'))).toBe(401)
    expect(await status(basic(''))).toBe(401)
    expect(await status({ authorization: 'Basic %%%' })).toBe(401)
    expect(await status({ authorization: 'Bearer correct hörse' })).toBe(401)
    expect(await status(basic('correct hörse'))).toBe(200)
  })

  it('is not guessed by many at once', async () => {
    const server = await start()
    const attempts = Array.from({ length: 40 }, (_, i) =>
      server.ask('/api/v1/problems', { headers: basic(`guess ${i}`) }),
    )
    const statuses = (await Promise.all(attempts)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
  })

  it('must be readable and long enough', async () => {
    const dir = folder()
    const yaml = 'sources: [nothing.log]\nauth: {password_file: secret}'
    await expect(startIn(dir, yaml)).rejects.toThrow(
      /auth\.password_file: .*secret: cannot be read; write the password into it/,
    )
    writeFileSync(join(dir, 'secret'), 'canary7\n')
    const short = await startIn(dir, yaml).catch((error: unknown) => error)
    expect(short).toMatchObject({
      code: 'password-unusable',
      message: expect.stringMatching(/fewer than 8 characters/),
    })
    expect(String(short)).not.toContain('canary7')
  })
})
