/** HTTP Basic over one password; any user name. */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RequestHandler } from 'express'
import { HalfopenError } from './errors.ts'

const SHORTEST = 8
/** Checks that may wait; each takes about 50 ms of one core, one at a time, which is also the limit for guessing. */
const MOST_WAITING = 16
const REALM = 'Basic realm="halfopen", charset="UTF-8"'

/** The first line of the file. Throws password-unusable with one line that does not repeat it. */
export function readPassword(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'permission denied' : 'cannot be read'
    throw new HalfopenError('password-unusable', `auth.password_file: ${file}: ${reason}; write the password into it`)
  }
  const password = text.split(/\r?\n/)[0] ?? ''
  if (password.length >= SHORTEST) return password
  throw new HalfopenError(
    'password-unusable',
    `auth.password_file: ${file}: its first line has fewer than ${SHORTEST} characters`,
  )
}

/** Guards everything behind it. */
export async function requirePassword(password: string): Promise<RequestHandler> {
  const salt = randomBytes(16)
  const right = await derive(password, salt)
  const key = randomBytes(32)
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest()
  /** The last accepted header: a page makes many requests, and each would cost a scrypt. */
  let accepted: Buffer | null = null
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0

  const check = async (given: string): Promise<boolean> => timingSafeEqual(await derive(given, salt), right)

  return async (request, response, next) => {
    const header = request.headers.authorization ?? ''
    if (accepted !== null && timingSafeEqual(digest(header), accepted)) return next()
    const given = passwordIn(header)
    if (given !== null) {
      if (waiting >= MOST_WAITING) throw new HalfopenError('too-many-attempts', 'Too many passwords are being checked.')
      waiting++
      const mine = turn.then(() => check(given)).finally(() => waiting--)
      turn = mine.catch(() => undefined)
      if (await mine) {
        accepted = digest(header)
        return next()
      }
    }
    response.setHeader('WWW-Authenticate', REALM)
    throw new HalfopenError('password-needed', 'A password is needed.')
  }
}

function passwordIn(header: string): string | null {
  const found = /^Basic ([\w+/=-]{1,2000})$/i.exec(header)
  if (!found) return null
  const pair = Buffer.from(found[1] ?? '', 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? null : pair.slice(colon + 1)
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: 16_384, r: 8, p: 1 }, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
