/** POST /share takes what a page sends, and a page may send what was never masked: a report that was pasted, an older halfopen's,
 *  anything. Nothing that opens a door or names a person may be in the document. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Finding, ShareBody } from '../../server/http/wire.ts'
import { folder, startIn } from '../serve/running.ts'

const S = 'sEcReT9x7Qw31LmZ'
const WHO = 'zaphod'
const SECRETS = [
  `https://${WHO}:${S}@chat.corp.io/ws`,
  `wss://${WHO}:p@${S}@intern/ws and curl ${WHO}:${S}@chat.corp.io/ws`,
  `Cookie: sid=${S}; user=${WHO}`,
  `set-cookie: a=${S}`,
  `proxy_set_header Cookie "sid=${S}";`,
  `Authorization: Bearer ${S}`,
  `curl -H 'Authorization: Basic ${S}' https://chat.corp.io/`,
  `proxy_set_header Authorization "Bearer ${S}";`,
  `+        proxy_set_header X-Api-Token ${S};`,
  `         proxy_set_header X-Gateway "${S}"; # secret`,
  `         fastcgi_param DB_PASSWORD ${S};`,
  `         set $backend_token "${S}";`,
  `         secure_link_secret ${S};`,
  `"GET /ws?token=${S}&room=${WHO} HTTP/1.1" 101`,
  `"GET /ws?room='${WHO}' HTTP/1.1" 101`,
  `"GET /ws?${S} HTTP/1.1" 101`,
  `"GET /ws#access_token=${S} HTTP/1.1" 101`,
  `referrer: "https://chat.corp.io/?next=%2Fa%3Ftoken%3D${S}"`,
  `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${S}`,
  `user "${WHO}": password mismatch, client: 203.0.113.9`,
  `{"remote_user": "${WHO}", "remote_addr": "203.0.113.9", "token": "${S}"}`,
  `203.0.113.9 - ${WHO} [21/Nov/2026:06:13:35 +0000] "GET /ws HTTP/1.1" 426 0`,
  `mail from ${WHO}@corp.io, <${WHO}%40corp.io>, ${WHO}ü@corp.io`,
  `client: 2001:db8::17, ::ffff:203.0.113.9, [2001:db8::1]:443, server: chat.corp.io`,
]
const FORBIDDEN = new RegExp(`${S}|${WHO}|corp\\.io|203\\.0\\.113|2001:db8|intern`, 'i')

const finding = (text: string): Finding => ({
  id: text,
  cause: 'backend-down',
  title: text,
  severity: 'error',
  confidence: 0.95,
  because: [text],
  against: [text],
  count: 3,
  first_seen: null,
  last_seen: null,
  scope: { server: 'chat.corp.io', path: '/ws', upstream: '203.0.113.9:80', source: null },
  evidence: [{ source: `/var/log/${WHO}/access.log`, line: 4, text }],
  alternatives: [{ cause: 'dns-failure', confidence: 0.3, check: text }],
  fix: {
    layer: 'nginx',
    summary: text,
    directives: [{ context: text, text }],
    snippet: text,
    patch: `--- a/x\n+++ b/x\n@@ -1 +1 @@\n ${text}\n`,
    target: null,
    prepare: [text],
    verify: [text],
    rollback: [text],
  },
})

it('hands on no credential, no name and no address, whatever it was sent', async () => {
  const server = await startIn(folder(), '')
  for (const form of ['markdown', 'html'])
    for (const secret of SECRETS) {
      const whole = finding(secret)
      const bodies = [whole, { ...whole, fix: { ...whole.fix, patch: null } }].map((one): ShareBody => ({
        findings: [{ ...one, evidence: [...one.evidence] }],
      }))
      for (const body of bodies) {
        const { status, text } = await server.ask(`/api/v1/share?form=${form}`, {
          method: 'POST',
          headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        expect(status).toBe(200)
        // The name of a header is no secret, its value is.
        const found = FORBIDDEN.exec(text)
        expect([secret, found && text.slice(Math.max(0, found.index - 60), found.index + 60)]).toEqual([secret, null])
      }
    }
}, 60_000)

it('does so in the middle of any text, and of several at once', async () => {
  const server = await startIn(folder(), '')
  const around = fc.string({
    unit: fc.constantFrom(' ', 'a', '7', ', ', '; ', ' - ', '(', ')', 'GET ', 'server: x, '),
    maxLength: 12,
  })
  const texts = fc.array(fc.tuple(around, fc.constantFrom(...SECRETS.slice(0, 20)), around), {
    minLength: 1,
    maxLength: 4,
  })
  await fc.assert(
    fc.asyncProperty(texts, async (parts) => {
      const text = parts.map(([before, secret, after]) => `${before} ${secret} ${after}`).join('\n')
      const answer = await server.ask('/api/v1/share?form=markdown', {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
        body: JSON.stringify({ findings: [finding(text)] } satisfies ShareBody),
      })
      expect(answer.text).not.toContain(S)
    }),
    { numRuns: 150, examples: [[[['aa  ; ', `  proxy_set_header X-Gateway "${S}"; # secret`, '']]]] },
  )
}, 60_000)
