/** A self-signed certificate for the stand-ins. node:crypto signs but writes no X.509, so the few DER fields of
 *  RFC 5280 4.1 that TLS needs are written here; openssl may not be installed. */
import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

export interface Certificate {
  cert: string
  key: string
}

/** Valid from yesterday for two days: it must never be worth stealing. @param names DNS names and addresses. */
export function selfSigned(names: readonly string[], now: number): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = sequence(set(sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from('halfopen stand-in')))))
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const day = 86_400_000
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    serialNumber(),
    algorithm,
    subject,
    sequence(time(now - day), time(now + day)),
    subject,
    spki,
    tagged(0xa3, sequence(alternativeNames(names), isAuthority(), keyIdentifier(spki))),
  )
  const signature = tagged(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]))
  const certificate = new X509Certificate(sequence(body, algorithm, signature))
  return { cert: certificate.toString(), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, ...parts)
const set = (...parts: Buffer[]): Buffer => tagged(0x31, ...parts)

/** Positive: a leading zero where the first bit would make it negative. */
function integer(bytes: Buffer): Buffer {
  return tagged(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets; DER takes no leading zero that is not needed. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return integer(bytes)
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const groups = [arc & 0x7f]
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return tagged(0x06, Buffer.from(bytes))
}

/** UTCTime, `YYMMDDhhmmssZ`. */
const time = (ms: number): Buffer =>
  tagged(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`))

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(critical ? [tagged(0x01, Buffer.from([0xff]))] : []), tagged(0x04, value))

function alternativeNames(names: readonly string[]): Buffer {
  const entries = [...new Set(names)].slice(0, 500).map((name) => {
    if (isIP(name) === 4) return tagged(0x87, Buffer.from(name.split('.').map(Number)))
    // IA5String; what is no ASCII cannot be asked for by SNI either.
    return tagged(0x82, Buffer.from(name.replaceAll(/[^\x21-\x7e]/g, ''), 'latin1'))
  })
  return extension('2.5.29.17', false, sequence(...entries))
}

/** It signs itself, so that `proxy_ssl_trusted_certificate` can name it. */
const isAuthority = (): Buffer => extension('2.5.29.19', true, sequence(tagged(0x01, Buffer.from([0xff]))))
const keyIdentifier = (spki: Buffer): Buffer =>
  extension('2.5.29.14', false, tagged(0x04, createHash('sha1').update(spki).digest()))
