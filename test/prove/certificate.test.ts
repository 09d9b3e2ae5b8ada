/** The certificate is written byte by byte, so it is read back by another program's code: OpenSSL, in Node.js. */
import { X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import { selfSigned } from '../../server/prove/certificate.ts'

it('has the names, signs itself, and is valid for two days', () => {
  const now = Date.parse('2026-11-28T12:00:00Z')
  const many = Array.from({ length: 300 }, (_, i) => `host-${i}.example.test`)
  const { cert, key } = selfSigned(['app.test', '*.app.test', '127.0.0.1', ...many], now)
  const read = new X509Certificate(cert)
  expect(read.checkHost('app.test')).toBe('app.test')
  expect(read.checkHost('x.app.test')).toBe('*.app.test')
  expect(read.checkHost('host-299.example.test')).toBeDefined()
  expect(read.checkHost('other.test')).toBeUndefined()
  expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(read.verify(read.publicKey)).toBe(true)
  expect(read.ca).toBe(true)
  expect(new Date(read.validFrom).getTime()).toBe(now - 86_400_000)
  expect(new Date(read.validTo).getTime()).toBe(now + 86_400_000)
  expect(key).toContain('BEGIN PRIVATE KEY')
})

// One in 256 had a serial number that began with a needless zero, which OpenSSL refuses.
it('can always be read', () => {
  for (let i = 0; i < 600; i++) expect(() => selfSigned(['a'], 0)).not.toThrow()
})
