/** What a proof concludes, where the status alone would mislead. */
import { expect, it } from 'vitest'
import { describeWith } from '../needs.ts'
import { HEADERS, inServer, MAP, proofOf } from './site.ts'

const location = (inside: string): string => `    location /ws {\n${inside}\n    }`

describeWith('nginx', 'what a proof says', () => {
  it('HTTP/1.0 alone is up to the backend', async () => {
    const lines = location(
      `proxy_pass http://app:3000;${HEADERS.replace('proxy_http_version 1.1;', 'proxy_http_version 1.0;')}`,
    )
    const asked = { files: { 'nginx.conf': inServer(lines, MAP) } }
    const proof = await proofOf(asked)
    expect(proof.ok).toBe(false)
    expect(proof.conclusion[0]).toContain('some backends refuse the upgrade, others accept')
    expect(proof.conclusion.join('\n')).not.toContain('does not pass')
    const unrun = await proofOf({ ...asked, nginx: '/nonexistent/nginx' })
    expect(unrun.before.expected.passes).toBeNull()
  })

  it('says that the backend is asked for another path, and nothing where it is asked for the same', async () => {
    const conclusionOf = async (target: string, circumstances = {}) => {
      const files = { 'nginx.conf': inServer(location(`proxy_pass ${target};${HEADERS}`), MAP) }
      return (await proofOf({ files, path: '/ws?a=1', circumstances })).conclusion.join('\n')
    }
    expect(await conclusionOf('http://app:3000/')).toContain('/ws arrives at the backend as /:')
    expect(await conclusionOf('http://app:3000')).not.toContain('arrives')
    const demands = { path: '/', origin: false, header_bytes: 0 }
    expect(await conclusionOf('http://app:3000/', { demands })).not.toContain('arrives')
  })

  it('a finding without a patch is not mended by a handshake that passes', async () => {
    const files = { 'nginx.conf': inServer(location(`proxy_pass http://app:3000;${HEADERS}`), MAP) }
    const proof = await proofOf({ files, cause: 'handshake-rejected' })
    expect(proof).toMatchObject({ ok: true, fixed: false, unpatched: true })
    expect(proof.conclusion[0]).toMatch(/^this finding \(handshake-rejected\) has no patch, and nothing was mended/)
    expect(proof.conclusion[0]).toContain('not shown to be the cause')
  })

  it('names Host as the configuration does, in what the backend saw and in its refusal', async () => {
    const lines = location(`proxy_pass http://127.0.0.1:3104;${HEADERS.replace('proxy_set_header Host $host;', '')}`)
    const demands = { path: null, origin: true, header_bytes: 0 }
    const { before } = await proofOf({ files: { 'nginx.conf': inServer(lines, MAP) }, circumstances: { demands } })
    expect(before.run?.backend).toMatchObject({
      status: 403,
      host: '127.0.0.1:3104',
      reason: 'Origin is "http://app.test", and Host is "127.0.0.1:3104"',
    })
  })
})
