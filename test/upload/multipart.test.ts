import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { boundaryOf, partsOf } from '../../server/upload/multipart.ts'
import { asDump, safeName } from '../../server/upload/names.ts'

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  await Promise.resolve()
}

async function read(bytes: Buffer, boundary: string, size: number) {
  const found: { field: string; filename: string | null; text: string }[] = []
  for await (const { field, filename, body } of partsOf(inChunks(bytes, size), boundary)) {
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(chunk)
    found.push({ field, filename, text: Buffer.concat(chunks).toString('latin1') })
  }
  return found
}

describe('multipart/form-data', () => {
  it('is what the platform writes, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string(), { maxLength: 4 }),
        fc.integer({ min: 1, max: 90 }),
        async (texts, size) => {
          const form = new FormData()
          for (const [i, text] of texts.entries()) form.append('log', new Blob([text]), `${i}.log`)
          const response = new Response(form)
          const boundary = boundaryOf(response.headers.get('content-type') ?? '') ?? ''
          const parts = await read(Buffer.from(await response.arrayBuffer()), boundary, size)
          expect(parts.map(({ filename, text }) => [filename, Buffer.from(text, 'latin1').toString()])).toEqual(
            texts.map((text, i) => [`${i}.log`, Buffer.from(text).toString()]),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  it('refuses what breaks off, and what is something else', async () => {
    const whole = Buffer.from('--b\r\nContent-Disposition: form-data; name="log"\r\n\r\nline\n\r\n--b--\r\n')
    expect(await read(whole, 'b', 7)).toEqual([{ field: 'log', filename: null, text: 'line\n' }])
    for (let cut = 1; cut < whole.length - 3; cut += 5)
      await expect(read(whole.subarray(0, cut), 'b', 9)).rejects.toThrow('broke off')
    await expect(read(Buffer.from('{"log": "x"}'), 'b', 100)).rejects.toThrow('broke off')
    await expect(read(Buffer.from(`--b\r\n${'X: y\r\n'.repeat(5000)}\r\n`), 'b', 999)).rejects.toThrow('broke off')
    expect(boundaryOf('application/json')).toBeNull()
  })
})

describe('a name that somebody else chose', () => {
  it.each([
    ['access.log', 'access.log'],
    ['error.log.2.gz', 'error.log.2.gz'],
    ['../../etc/cron.d/x', 'x'],
    ['C:\\logs\\error.log', 'error.log'],
    ['--config', 'config'],
    ['.nginx.conf', 'nginx.conf'],
    ['a*b?[c].log', 'a_b__c_.log'],
    ['\u001b[31m\u202Egol.log', '__31m_gol.log'],
    ['', 'pasted.log'],
    ['..', 'pasted.log'],
  ])('%j becomes %j', (given, safe) => expect(safeName(given, new Set())).toBe(safe))

  it('is never that of another file', () => {
    expect(safeName('a.log', new Set(['a.log', '2-a.log']))).toBe('3-a.log')
  })
})

it('a configuration that is handed in is always read as a dump, the main file first', () => {
  const site = { name: 'site.conf', text: 'server { include /etc/passwd; }' }
  const main = { name: 'nginx.conf', text: 'events {}\nhttp {\n include site.conf;\n}' }
  expect(asDump([site, main])).toMatch(/^# configuration file nginx\.conf:\n[^]*# configuration file site\.conf:\n/)
  const dump = 'anything\n# configuration file /etc/nginx/nginx.conf:\nevents {}'
  expect(asDump([{ name: 'dump.txt', text: dump }])).toMatch(/^# configuration file \/etc\/nginx\/nginx\.conf:\nevents/)
})
