/** Which containers, at which engine. */
import { describe, expect, it } from 'vitest'
import { isOwn } from '../../server/tail/docker.ts'
import { Engine, engineAddress, printable } from '../../server/tail/docker/engine.ts'
import { EngineServer } from './engine.ts'

describe('names', () => {
  it('of containers are listed by label, and ours is left out', async () => {
    const server = new EngineServer()
    await server.start()
    const web = server.create('web', { labels: { app: 'nginx', tier: 'front' } })
    server.create('api', { labels: { app: 'node' } })
    server.create('bad name\u001b[0m')
    const listed = new Engine({ socketPath: server.socketPath })
    const none = (): boolean => false
    expect(await listed.names(null, none)).toEqual(['web', 'api'])
    expect(await listed.names({ label: 'app' }, none)).toEqual(['web', 'api'])
    expect(await listed.names({ label: 'app=nginx' }, none)).toEqual(['web'])
    expect(await listed.names({ label: 'other' }, none)).toEqual([])
    expect(await listed.names(null, (id) => id === web.id)).toEqual(['api'])
  })

  it('of our own container are its host name or what is mounted into it', () => {
    const id = 'b'.repeat(12) + 'c'.repeat(52)
    expect(isOwn('bbbbbbbbbbbb', '')(id)).toBe(true)
    expect(isOwn('bbbbbbbbbbbb', '')('d'.repeat(64))).toBe(false)
    const mounts = `1 2 0:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/x rw`
    expect(isOwn('halfopen', mounts)(id)).toBe(true)
    expect(isOwn('halfopen', '')(id)).toBe(false)
  })

  it('of engines are DOCKER_HOST or the usual socket', () => {
    expect(engineAddress({})).toEqual({ socketPath: '/var/run/docker.sock' })
    expect(engineAddress({ DOCKER_HOST: 'unix:///run/user/1000/podman/podman.sock' })).toEqual({
      socketPath: '/run/user/1000/podman/podman.sock',
    })
    expect(engineAddress({ DOCKER_HOST: 'tcp://proxy:2375' })).toEqual({ host: 'proxy', port: 2375 })
    expect(engineAddress({ DOCKER_HOST: 'tcp://[::1]:1' })).toEqual({ host: '::1', port: 1 })
    for (const DOCKER_HOST of ['ssh://me@host', 'tcp://a:99999', 'unix://relative', 'x\u001b[0m'])
      expect(() => engineAddress({ DOCKER_HOST })).toThrow(/^DOCKER_HOST=.*: expected unix:/)
    expect(() => engineAddress({ DOCKER_HOST: 'tcp://a:2376', DOCKER_TLS_VERIFY: '1' })).toThrow(/without TLS/)
  })

  it('and words of engines are shown without control characters', () => {
    expect(printable('a\u001b[31m\n\u202eb\u2028c')).toBe('a [31m b c')
    expect(printable('x'.repeat(10_000)).length).toBe(201)
  })
})
