/** Which addresses are dialled, and when that is decided. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { isWrittenPrivate, kindOfAddress, refusal } from '../../server/alerts/address.ts'
import { webhook } from '../../server/alerts/channels/webhook.ts'
import { DeliveryError } from '../../server/alerts/contract.ts'
import { noticeOf } from '../../server/alerts/message.ts'
import { dialable } from '../../server/alerts/post.ts'
import { Secret } from '../../server/alerts/secret.ts'
import { startReceiver, type WebhookReceiver } from './receiver.ts'

describe('addresses', () => {
  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::a9fe:a9fe%eth0',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'ff02::1',
    // The same behind the ways to write IPv4 as IPv6.
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::ffff:0:a9fe:a9fe',
    '::a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::',
    '2001:0:0:0:0:0:5601:5601',
    'no address',
    '',
  ])('%s: never', (address) => {
    expect(kindOfAddress(address)).toBe('never')
    expect(refusal(address, true)).toMatch(/^refused/)
  })

  it.each(['127.0.0.1', '127.9.9.9', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '::1'])(
    '%s: private',
    (address) => expect(kindOfAddress(address)).toBe('private'),
  )
  it.each(['fd12:3456::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::'])(
    '%s: private, too',
    (address) => expect([kindOfAddress(address), refusal(address, true)]).toEqual(['private', null]),
  )
  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '2002:808:808::'])(
    '%s: public',
    (address) => expect([kindOfAddress(address), refusal(address, false)]).toEqual(['public', null]),
  )

  it('that are written out are meant; names are not', () => {
    expect(['127.0.0.1', '[::1]', '192.168.1.5', 'localhost', 'LOCALHOST.'].map(isWrittenPrivate)).not.toContain(false)
    expect(['169.254.169.254', 'gotify', 'localhost.evil.example', '8.8.8.8'].map(isWrittenPrivate)).not.toContain(true)
  })
})

describe('dialling', () => {
  const receivers: WebhookReceiver[] = []
  afterEach(async () => void (await Promise.all(receivers.splice(0).map((receiver) => receiver.close()))))

  const send = (url: string, allow_private: boolean): Promise<unknown> => {
    const notice = noticeOf({ id: 'msg_1', body: '{"type":"test","data":{}}', created_at: 0 })
    const options = { user_agent: 'x', signal: new AbortController().signal, now: 0, allow_private }
    return webhook.deliver(notice, { url: new Secret(url), secrets: [] }, options).catch((error: unknown) => error)
  }

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:169.254.169.254]/',
    // All of these are the same address to a URL parser.
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://0/',
  ])('%s is refused whatever is allowed', async (url) => {
    expect(await send(url, true)).toBeInstanceOf(DeliveryError)
    expect(await send(url, true)).toMatchObject({ message: expect.stringMatching(/^refused: this is/), retry: true })
  })

  // The name of the machine: nobody has to set up a name server for a test.
  it('a name that leads here is looked at when it is dialled', async () => {
    const receiver = await startReceiver()
    receivers.push(receiver)
    await expect(dialable('ip6-localhost', false)).rejects.toBeInstanceOf(DeliveryError)
    await expect(dialable('localhost', false)).resolves.toMatch(/^(?:127\.|::1)/)
    const named = receiver.url.replace('127.0.0.1', 'localhost')
    expect(await send(named, false)).toEqual({ status: 204 })
  })

  it('an answer is read for a while only, and told as its status', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(500)
      const more = (): void =>
        void (response.write('canary-answer'.repeat(5000)) ? setImmediate(more) : response.once('drain', more))
      more()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const error = await send(`http://127.0.0.1:${port}/`, false)
    expect(error).toMatchObject({ message: 'answered 500', status: 500 })
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('canary')
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})
