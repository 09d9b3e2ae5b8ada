/** What a probe's answers prove, in the product's cause ids, and no more than they prove. Pure. */
import { isPlainAnswer, type NoConnection } from './connect.ts'
import type { SideFacts, Suspicion } from './facts.ts'
import type { Answer, Answered } from './handshake.ts'
import { valueOf } from './http.ts'
import type { Alive } from './session.ts'
import { duration } from './step.ts'
import { saysTls, tlsMismatch, wantsTls } from './tls-backend.ts'

export interface Conclusion {
  ok: boolean
  /** Which side fails; null when none does or it cannot be told. `client`: the URL or the browser's side. */
  side: 'client' | 'network' | 'proxy' | 'backend' | null
  title: string
  causes: Suspicion[]
  /** True when there is one cause and the answers prove it. */
  decided: boolean
  /** The one test that would tell more. */
  next: string | null
}

export const isOpen = (side: SideFacts): boolean =>
  side.handshake?.ok === true && side.handshake.answer.head.status === 101 && side.faults.length === 0

/** @param insecure a bad certificate does not count. */
export function conclude(proxy: SideFacts, direct: SideFacts | null, insecure: boolean): Conclusion {
  const concluded = judged(proxy, direct, insecure)
  return concluded.ok || !direct || !wantsTls(direct) ? concluded : { ...concluded, next: TRY_HTTPS }
}

function judged(proxy: SideFacts, direct: SideFacts | null, insecure: boolean): Conclusion {
  if (proxy.problem) return unreached(proxy.problem)
  if (!isOpen(proxy)) return refused(proxy, direct)
  if (proxy.refusal) {
    const { text, cause } = proxy.refusal
    return result('backend', text, cause === null ? [] : [{ cause, why: text }], cause !== null)
  }
  if (proxy.alive && !proxy.alive.works) return brokenSession(proxy.alive, direct)
  if (proxy.certificate !== null && !insecure)
    return result('client', proxy.certificate, [{ cause: 'client-url-mismatch', why: proxy.certificate }], true)
  if (proxy.idle?.alone.cut_after_ms != null) return cut(proxy.idle, direct)
  return { ...result(null, 'The WebSocket works', []), ok: true }
}

function result(
  side: Conclusion['side'],
  title: string,
  causes: Suspicion[],
  decided = false,
  next: string | null = null,
): Conclusion {
  return { ok: false, side, title, causes, decided: decided && causes.length === 1, next }
}

function unreached({ at, code }: NoConnection): Conclusion {
  if (at === 'dns') return result('network', 'The name has no address', [])
  if (at === 'tcp') return result('network', 'No connection to the address', [])
  if (isPlainAnswer(code)) {
    const why = 'wss:// to a port that speaks plain HTTP'
    return result('client', `Wrong URL: ${why}`, [{ cause: 'client-url-mismatch', why }], true)
  }
  return result('network', 'TLS fails before any request could be sent', [])
}

function refused(proxy: SideFacts, direct: SideFacts | null): Conclusion {
  const { handshake } = proxy
  const backend = direct === null ? null : stateOf(direct)
  if (!handshake) return result(null, proxy.refusal?.text ?? 'No handshake was sent', asCauses(proxy.refusal), true)
  if (!handshake.ok) {
    const how = failureText(handshake.failure)
    if (backend?.open) return result('proxy', `The backend accepts the handshake; through the proxy: ${how}`, [])
    if (backend?.unreachable) return backendDown(how)
    const slow = handshake.failure.kind === 'ended' && handshake.failure.ending.kind === 'timeout'
    const causes = slow ? [{ cause: 'backend-slow', why: 'the request was taken, and nobody answered it' }] : []
    return result(backend === null ? null : 'backend', `No answer to the handshake: ${how}`, causes, false, TRY_DIRECT)
  }
  const { answer } = handshake
  const { status } = answer.head
  if (status === 101)
    return result(null, `The answer is 101, but no WebSocket: ${proxy.faults[0] ?? 'it breaks RFC 6455'}`, [])
  const mismatch = direct && tlsMismatch(answer, direct)
  if (mismatch)
    return result('proxy', mismatch.title, mismatch.causes, false, 'look into the error log: halfopen analyze')
  const certain = byItself(answer, proxy)
  if (certain) return certain
  if (backend?.open) return byProxy(answer, proxy, direct)
  if (backend?.unreachable && status >= 500) return backendDown(`${status}`)
  if (backend !== null && backend.status === status && !isNginxPage(answer)) return byApplication(answer, proxy)
  const next = direct === null ? TRY_DIRECT : null
  return result(
    isNginxPage(answer) ? 'proxy' : null,
    `The handshake is answered with ${named(answer)}`,
    likely(answer, proxy),
    false,
    next,
  )
}

const TRY_HTTPS =
  'the backend gives plain HTTP no answer, as one that speaks TLS does: probe again with --direct https://'
const TRY_DIRECT = 'probe again with --direct and the address of the backend: it tells nginx and the application apart'
const asCauses = (refusal: SideFacts['refusal']): Suspicion[] =>
  refusal?.cause == null ? [] : [{ cause: refusal.cause, why: refusal.text }]

function stateOf(side: SideFacts): { open: boolean; unreachable: boolean; status: number | null } {
  const status = side.handshake?.ok === true ? side.handshake.answer.head.status : null
  return { open: isOpen(side), unreachable: side.problem !== null, status }
}

function backendDown(how: string): Conclusion {
  const why = 'the backend does not accept connections from here either'
  return result(
    'backend',
    `The backend is not reachable; through the proxy: ${how}`,
    [{ cause: 'backend-down', why }],
    true,
  )
}

/** Answers that say themselves what is wrong, whoever gave them. */
function byItself(answer: Answer, proxy: SideFacts): Conclusion | null {
  const { head, body } = answer
  const location = valueOf(head, 'location')
  if ([301, 302, 303, 307, 308].includes(head.status)) {
    const login = /log-?in|sign-?in|auth|sso|oauth|saml/i.test(location ?? '')
    const why = `redirect to ${location ?? 'nowhere'}; browsers do not follow redirects of a handshake`
    const cause = login ? 'auth-rejected' : 'redirected-handshake'
    return result(null, `The handshake is redirected to ${location ?? 'nowhere'}`, [{ cause, why }], true)
  }
  if (saysTls(body)) {
    const why = 'ws:// to a port that speaks TLS'
    return result('client', `Wrong URL: ${why}; use wss://`, [{ cause: 'client-url-mismatch', why }], true)
  }
  if (head.status === 401 || head.status === 407) {
    const challenge = valueOf(head, head.status === 401 ? 'www-authenticate' : 'proxy-authenticate')
    const why = challenge === null ? 'no credentials were accepted' : `it asks for ${challenge}`
    return result(null, `The handshake needs credentials: ${named(answer)}`, [{ cause: 'auth-rejected', why }], true)
  }
  if (head.status === 403 && proxy.own_origin === 101) {
    const why = 'with the Origin of the site itself the same handshake is accepted'
    return result('backend', 'The application refuses this Origin', [{ cause: 'origin-rejected', why }], true)
  }
  const versions = valueOf(head, 'sec-websocket-version')
  if (versions !== null && !versions.split(/\s*,\s*/).includes('13')) {
    const why = `it speaks WebSocket version ${versions} only, browsers speak 13`
    return result('backend', 'The application refuses the version', [{ cause: 'handshake-rejected', why }], true)
  }
  if (head.status === 505) {
    const why = '505: the backend does not take the HTTP version in which the proxy asks'
    return result('proxy', 'The proxy asks in the wrong HTTP version', [{ cause: 'upstream-http-version', why }], true)
  }
  if ([413, 414, 429, 431, 494].includes(head.status) || /request header or cookie too large/i.test(body)) {
    const why = `${named(answer)} is a limit`
    return result(null, `A limit refuses the handshake: ${named(answer)}`, [{ cause: 'resource-limit', why }], true)
  }
  return null
}

/** The backend accepts the same handshake: whatever refuses it stands in front. */
function byProxy(answer: Answer, proxy: SideFacts, direct: SideFacts | null): Conclusion {
  const { status } = answer.head
  const title = `The backend accepts the handshake, through the proxy it is answered with ${named(answer)}`
  if (status >= 502 && status <= 504)
    return result(
      'proxy',
      title,
      [
        { cause: 'backend-down', why: 'the proxy may use another address than --direct' },
        { cause: 'upstream-tls-mismatch', why: 'or http where the backend wants https' },
      ],
      false,
      'look into the error log: halfopen analyze',
    )
  if (isNginxPage(answer)) {
    const cause = status === 401 || status === 403 ? 'auth-rejected' : 'path-mismatch'
    return result('proxy', title, [{ cause, why: 'nginx wrote this answer itself, the backend was not asked' }], true)
  }
  const page = pageStatus(proxy)
  const ordinary = direct && pageStatus(direct)
  if (status === 400 || status === 426 || status === ordinary) {
    const otherPage = page !== null && ordinary !== null && page !== ordinary
    // Without Upgrade the handshake is the same request as the page: then the answers are the same.
    if (page !== null && page !== status) return result('proxy', title, upgradeArrived(page, status, otherPage))
    if (otherPage)
      return result('proxy', title, [
        { cause: 'missing-upgrade-headers', why: `the handshake is answered as the page is (${status})` },
        { cause: 'path-mismatch', why: `or the backend is asked for another path: its own page is ${ordinary}` },
      ])
    if (page === status && unlikeThePage(answer, proxy))
      return result('proxy', title, [
        { cause: 'path-mismatch', why: 'the page is answered otherwise, so the backend may be asked for another path' },
        { cause: 'missing-upgrade-headers', why: 'or one of Upgrade, Connection and HTTP/1.1 does not reach it' },
      ])
    const why = 'the backend answers as if it was asked for a page: Upgrade and Connection did not reach it'
    return result('proxy', title, [{ cause: 'missing-upgrade-headers', why }], true)
  }
  if (status === 403)
    return result('proxy', title, [
      { cause: 'origin-rejected', why: 'the proxy may send another Host than the one in Origin' },
      { cause: 'forwarded-headers', why: 'or the application does not trust the proxy' },
    ])
  return result('proxy', title, [
    { cause: 'path-mismatch', why: 'the proxy may ask the backend for another path' },
    { cause: 'missing-upgrade-headers', why: 'or drop Upgrade and Connection' },
  ])
}

/** Without Upgrade the handshake is the same request as the page, and one of them is told more. */
const unlikeThePage = ({ body }: Answer, { get }: SideFacts): boolean =>
  get?.ok === true && (get.answer.body === '') !== (body === '')

const pageStatus = ({ get }: SideFacts): number | null => (get?.ok === true ? get.answer.head.status : null)

/** Through the proxy the handshake is answered unlike the page: some of its headers did arrive. Whether all, is not shown. */
function upgradeArrived(page: number, status: number, otherPage: boolean): Suspicion[] {
  const path: Suspicion = {
    cause: 'path-mismatch',
    why: otherPage
      ? `the page differs through the proxy (${page}), so the backend is likely asked for another path: has proxy_pass a URI part?`
      : 'the proxy may ask the backend for another path',
  }
  const headers: Suspicion = {
    cause: 'missing-upgrade-headers',
    why: `or one of Connection and HTTP/1.1 is missing; Upgrade did arrive: the page is answered ${page}, the handshake ${status}`,
  }
  return [path, headers]
}

/** Proxy and backend give the same answer. */
function byApplication(answer: Answer, proxy: SideFacts): Conclusion {
  const { status } = answer.head
  const title = `The application refuses the handshake (${named(answer)} through the proxy and from the backend): it is not nginx`
  if (status === 403)
    return result('backend', title, [
      { cause: 'auth-rejected', why: 'it may want a cookie or a token' },
      ...(proxy.own_origin === null ? [{ cause: 'origin-rejected', why: 'or another Origin or Host' }] : []),
    ])
  if (status === 400 || status === 426)
    return result('backend', title, [
      { cause: 'handshake-rejected', why: 'the headers reach it, and it refuses for a reason of its own' },
    ])
  if (status === 404) return result('backend', `${title}. It has no WebSocket at this path`, [])
  return result('backend', title, [])
}

/** What one answer alone makes likely. */
function likely(answer: Answer, proxy: SideFacts): Suspicion[] {
  const { status } = answer.head
  const page = isNginxPage(answer)
  const lost: Suspicion = {
    cause: 'missing-upgrade-headers',
    why: 'the probe sent the upgrade headers, and whoever answered asks for them',
  }
  switch (status) {
    case 426:
      return [lost, { cause: 'upstream-http-version', why: 'or the proxy asks in HTTP/1.0' }]
    case 400:
      if (page) return []
      return asksForUpgrade(answer)
        ? [lost]
        : [
            { ...lost, why: 'many applications say 400 when the headers do not reach them' },
            { cause: 'handshake-rejected', why: 'or it refuses for a reason of its own' },
          ]
    case 403:
      return page
        ? [{ cause: 'auth-rejected', why: 'nginx itself says no (allow, deny, auth)' }]
        : [
            { cause: 'auth-rejected', why: 'it may want a cookie or a token' },
            ...(proxy.own_origin === null ? [{ cause: 'origin-rejected', why: 'or another Origin or Host' }] : []),
          ]
    case 200:
    case 404:
    case 405:
      if (page) return [{ cause: 'path-mismatch', why: 'nginx answers this path itself, no backend was asked' }]
      return [
        { cause: 'path-mismatch', why: 'this may be no WebSocket endpoint' },
        { ...lost, why: 'or the backend took it for an ordinary request' },
      ]
    case 502:
      return [
        { cause: 'backend-down', why: 'nginx cannot connect' },
        { cause: 'upstream-tls-mismatch', why: 'or speaks http to an https port, or the other way' },
        { cause: 'invalid-upstream-response', why: 'or cannot use the answer' },
      ]
    case 503:
      return [
        { cause: 'resource-limit', why: 'a limit (limit_conn, limit_req)' },
        { cause: 'backend-down', why: 'or no backend is in service' },
      ]
    case 504:
      return [
        { cause: 'backend-slow', why: 'the backend does not answer in time' },
        { cause: 'backend-down', why: 'or does not accept connections' },
      ]
    default:
      return []
  }
}

function brokenSession({ step, code }: Alive, direct: SideFacts | null): Conclusion {
  const onlyThere = direct?.alive?.works === true
  const side = onlyThere ? 'proxy' : 'backend'
  const causes = code === 1002 || code === 1007 ? [{ cause: 'protocol-error', why: step.title }] : []
  return result(side, `The handshake works, the session does not: ${step.title}`, causes, causes.length === 1)
}

function cut({ alone, pinged }: NonNullable<SideFacts['idle']>, direct: SideFacts | null): Conclusion {
  const after = duration(alone.cut_after_ms ?? 0)
  const there = direct?.idle?.alone ?? null
  const same = there?.cut_after_ms != null && Math.abs(there.cut_after_ms - (alone.cut_after_ms ?? 0)) < 1500
  const side = there === null ? null : same ? 'backend' : 'proxy'
  const help = pinged === null ? '' : pinged.cut_after_ms === null ? '; pings prevent it' : '; pings do not prevent it'
  const why = `nothing was sent for ${after}, then it was closed${help}`
  return result(
    side,
    `An idle session is cut after ${after}${help}`,
    same ? [] : [{ cause: 'idle-timeout', why }],
    true,
    there === null ? TRY_DIRECT : null,
  )
}

/** The answer says that it misses the upgrade. */
const asksForUpgrade = ({ body }: Answer): boolean =>
  /upgrade|websocket/i.test(body) && /not|only|missing|required|expected|can |must/i.test(body)

/** nginx wrote it: its error pages end so. */
export const isNginxPage = ({ body }: Answer): boolean => /<hr><center>(?:nginx|openresty|tengine)/i.test(body)

const named = ({ head }: Answer): string => `${head.status}${head.reason === '' ? '' : ` ${head.reason}`}`

export function failureText(failure: Extract<Answered, { ok: false }>['failure']): string {
  switch (failure.kind) {
    case 'not-http':
      return `the answer is no HTTP: ${start(failure.bytes)}`
    case 'too-long':
      return 'the head of the answer is longer than 64 kB or 200 lines'
    case 'ended': {
      const before = failure.bytes.length === 0 ? '' : ` after ${start(failure.bytes)}`
      if (failure.ending.kind === 'timeout') return `no answer in time${before}`
      if (failure.ending.kind === 'stopped') return 'stopped'
      if (failure.ending.kind === 'error') return `the connection failed (${failure.ending.code})${before}`
      return `the connection was closed without an answer${before}`
    }
  }
}

const start = (bytes: Buffer): string => JSON.stringify(bytes.subarray(0, 60).toString('latin1'))
