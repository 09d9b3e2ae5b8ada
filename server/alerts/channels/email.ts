/** E-mail over SMTP, by nodemailer, which is loaded with the first message. Message-ID is that of the message, so that a
 *  second attempt is the same mail. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { cardOf, facts, headline } from '../card.ts'
import type { Channel, DeliverOptions } from '../contract.ts'
import { DeliveryError } from '../delivery-error.ts'
import { fit } from '../fit.ts'
import type { Notice } from '../message.ts'
import { dialable, reasonOf } from '../post.ts'
import { secretSetting } from '../secret.ts'

const address = z.email('not an e-mail address')
const settings = z.strictObject({
  host: z.string().regex(/^[\w.:[\]-]{1,253}$/, 'not a host name'),
  port: z.int().min(1).max(65_535).default(587),
  /** `tls` from the start (465), `starttls` (587), or `none`: only to this machine. */
  security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
  user: z.string().min(1).optional(),
  password: secretSetting.optional(),
  from: address,
  to: z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(address).min(1).max(20)),
})
type Settings = z.output<typeof settings>

export interface Mail {
  from: string
  to: string[]
  subject: string
  text: string
  messageId: string
  date: Date
  headers: Record<string, string>
}

/** Plain text: what a log line holds is nobody's markup. RFC 5322 asks for lines of at most 998 bytes; nodemailer encodes. */
export function mailOf(notice: Notice, { from, to }: Pick<Settings, 'from' | 'to'>, now: number): Mail {
  const card = cardOf(notice, now)
  const lines = facts(card).map(([name, value]) => `${name}: ${value}`)
  if (card.snippet !== null) lines.push('', card.snippet)
  if (card.url !== null) lines.push('', card.url)
  return {
    from,
    to,
    subject: fit(`[halfopen] ${headline(card)}: ${card.place}`, 200),
    text: `${lines.join('\n')}\n`,
    messageId: `<${notice.id}@${from.split('@')[1] ?? 'halfopen'}>`,
    date: new Date(notice.created_at),
    // Answering machines keep quiet. RFC 3834.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Halfopen-Id': notice.id },
  }
}

export const email: Channel = {
  id: 'email',
  description: 'e-mail over SMTP',
  settings,
  groups: true,
  spacing: 0,
  async deliver(notice, given, options) {
    await send(mailOf(notice, given as Settings, options.now), given as Settings, options)
    return { status: null }
  },
}

async function send(mail: Mail, to: Settings, { signal, allow_private }: DeliverOptions): Promise<void> {
  const { host, port, security, user, password } = to
  const dialled = await dialable(host.replace(/^\[|\]$/g, ''), allow_private)
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    // The address that was looked at is the one that is dialled; the certificate is that of the name.
    host: dialled,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(isIP(host) === 0 ? { tls: { servername: host } } : {}),
    ...(user === undefined ? {} : { auth: { user, pass: password?.reveal() ?? '' } }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const stop = (): void => transport.close()
  signal.addEventListener('abort', stop)
  try {
    await transport.sendMail(mail)
  } catch (error) {
    if (signal.aborted) throw new DeliveryError('interrupted', true)
    throw refused(error)
  } finally {
    signal.removeEventListener('abort', stop)
    transport.close()
  }
}

/** 5xx is for good, but for a refused login or TLS, which the user mends. RFC 5321, 4.2.1. */
function refused(error: unknown): DeliveryError {
  const { responseCode, code } = (typeof error === 'object' && error !== null ? error : {}) as {
    responseCode?: unknown
    code?: unknown
  }
  if (code === 'EAUTH') return new DeliveryError('the server refused user or password', true)
  if (typeof responseCode === 'number')
    return new DeliveryError(`answered ${responseCode}`, responseCode < 500, { status: responseCode })
  return new DeliveryError(reasonOf(error), true)
}
