/** A mail through nodemailer to a server that speaks SMTP. */
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { email } from '../../server/alerts/channels/email.ts'
import { DeliveryError } from '../../server/alerts/contract.ts'
import { testNotice } from '../../server/alerts/test-notice.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Takes one mail for each connection, or answers RCPT with `refuse`. */
async function smtp(refuse: string | null = null): Promise<{ port: number; mails: string[] }> {
  const mails: string[] = []
  const server = createServer((socket) => {
    let [buffer, inData, mail] = ['', false, '']
    socket.setEncoding('utf8')
    socket.write('220 test ESMTP\r\n')
    socket.on('error', () => undefined)
    socket.on('data', (part: string) => {
      buffer += part
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end)
        buffer = buffer.slice(end + 2)
        if (inData && line === '.') {
          inData = false
          mails.push(mail)
          socket.write('250 taken\r\n')
        } else if (inData) mail += `${line}\n`
        else if (/^RCPT/i.test(line) && refuse !== null) socket.write(`${refuse} canary-answer\r\n`)
        else if (/^DATA/i.test(line)) {
          inData = true
          socket.write('354 go on\r\n')
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
        else socket.write('250 ok\r\n')
      }
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, mails }
}

const send = async (port: number, more: Record<string, unknown> = {}): Promise<unknown> => {
  const settings: unknown = email.settings.parse({
    host: '127.0.0.1',
    port,
    security: 'none',
    from: 'halfopen@example.org',
    to: ['ops@example.org', 'b@example.org'],
    ...more,
  })
  const now = Date.UTC(2026, 10, 21, 12)
  const options = { user_agent: 'x', signal: new AbortController().signal, now, allow_private: false }
  return email.deliver(testNotice(now), settings, options).catch((error: unknown) => error)
}

it('arrives as plain text, with an id', async () => {
  const { port, mails } = await smtp()
  expect(await send(port)).toEqual({ status: null })
  expect(mails).toHaveLength(1)
  expect(mails[0]).toMatch(/^Subject: \[halfopen\] Test message: halfopen$/m)
  expect(mails[0]).toMatch(/^Message-ID: <msg_\w+@example\.org>$/m)
  expect(mails[0]).toMatch(/^Auto-Submitted: auto-generated$/m)
  expect(mails[0]).toMatch(/^Content-Type: text\/plain/m)
  expect(mails[0]).toContain('halfopen can reach you')
})

it.each([
  ['451', true],
  ['550', false],
])('%s: later attempts %s', async (code, retry) => {
  const { port } = await smtp(code)
  const error = await send(port)
  expect(error).toBeInstanceOf(DeliveryError)
  expect(error).toMatchObject({ message: `answered ${code}`, retry })
  expect(JSON.stringify(error) + String((error as Error).message)).not.toContain('canary')
})

it('starttls is not done without', async () => {
  const { port, mails } = await smtp()
  expect(await send(port, { security: 'starttls' })).toBeInstanceOf(DeliveryError)
  expect(mails).toEqual([])
})

it('a metadata address is refused', async () => {
  expect(await send(25, { host: '169.254.169.254' })).toMatchObject({ message: expect.stringMatching(/^refused/) })
})
