/** What a proof shows, in sentences, and what it leaves open. Pure. */
import type { NginxConfig } from '../nginx-config/contract.ts'
import { duration } from '../probe/contract.ts'
import type { Circumstances } from './circumstances.ts'
import type { Part } from './prove.ts'
import type { RunResult } from './run.ts'

interface Shown {
  config: NginxConfig
  before: Part
  after: Part | null
  circumstances: Circumstances
  /** Path as it was asked for, with its query. */
  path: string
  cause: string | null
  hasNginx: boolean
}

export function sayIt(shown: Shown): { conclusion: string[]; limits: string[] } {
  const { before, after, hasNginx } = shown
  const last = after ?? before
  const conclusion = hasNginx ? ranText(shown) : notRunText(before, after)
  if (shown.cause === 'idle-timeout' && shown.circumstances.trial.idle === null)
    conclusion.push(timeoutText(before, after))
  if (shown.cause === 'reload-drop' && shown.circumstances.trial.reload === null)
    conclusion.push('no reload was tried: old workers are left for longer than is waited for here, or without limit')
  return { conclusion, limits: limitsOf(last.run, shown) }
}

function ranText({ before, after, circumstances, path, cause }: Shown): string[] {
  const { trial, demands } = circumstances
  const was = before.run && shortOf(before.run)
  const last = (after ?? before).run
  if (!last) return ['stopped before the end']
  if (last.refused !== null) return [`not run: ${last.refused}`]
  const is = shortOf(last)
  const change = after === null ? is : `was ${was}, now ${is}`
  if (!last.ok && onlyVersion(last.backend))
    return [
      `${change}: nginx passes Upgrade and Connection on, but in HTTP/1.0: some backends refuse the upgrade, others accept`,
      'the stand-in refuses, as RFC 6455 4.2.1 asks; with "proxy_http_version 1.1;" it does not depend on the backend',
    ]
  if (!last.ok)
    return [
      `${change}: the handshake does not pass${unpatched(cause, after) ? ', and this finding has no patch' : ''}`,
      ...(last.backend?.reason ? [last.backend.reason] : []),
    ]
  const more = [
    ...(trial.idle === null ? [] : [`a session that was idle for ${duration(trial.idle)} survives`]),
    ...(trial.sessions > 1 ? [`${trial.sessions} sessions are open at once`] : []),
    ...(trial.reload === null ? [] : [`a session survives a reload for ${duration(trial.reload)}`]),
  ]
  const passes = `passes the handshake${more.map((one) => `, ${one}`).join('')}`
  return [
    unpatched(cause, after)
      ? `this finding (${cause}) has no patch, and nothing was mended. ${is}: nginx as it is ${passes}; it is not shown to be the cause`
      : `${change}: nginx ${after === null ? '' : 'now '}${passes}`,
    ...(demands.path === null ? otherPath(last.backend, path) : []),
    "the application's own checks were not run: a stand-in answered for it",
  ]
}

/** A finding of which there is nothing to prove: what nginx does as it is says nothing about a fix. */
export const unpatched = (cause: string | null, after: Part | null): boolean => cause !== null && after === null

/** All a handshake needs arrived, but in HTTP/1.0. */
const onlyVersion = (seen: RunResult['backend']): boolean =>
  seen !== null &&
  seen.status === 426 &&
  seen.version === 'HTTP/1.0' &&
  seen.upgrade?.toLowerCase() === 'websocket' &&
  /\bupgrade\b/i.test(seen.connection ?? '')

/** A stand-in without --backend-path takes every path; an application has its WebSocket at one. */
function otherPath(seen: RunResult['backend'], asked: string): string[] {
  const [from, to] = [asked, seen?.path ?? asked].map((path) => path.replace(/[?#].*$/s, ''))
  if (from === to) return []
  return [
    `${from} arrives at the backend as ${to}: right only where its WebSocket is at ${to}; if it is at ${from}, try --backend-path ${from}`,
  ]
}

/** `400 Bad Request`, `cut after 2 s`, `refused by nginx -t`. */
function shortOf({ config_test, outcome, refused }: RunResult): string {
  if (refused !== null) return 'not run'
  if (config_test?.ok === false) return 'refused by nginx -t'
  if (!outcome) return 'not run'
  const status = outcome.text.replace(/^HTTP\/\S+ /, '')
  if (outcome.idle?.cut_after_ms != null) return `cut after ${duration(outcome.idle.cut_after_ms)} of silence`
  if (outcome.reload?.how != null) return `cut ${duration(outcome.reload.lasted_ms)} after a reload`
  const { sessions } = outcome
  if (sessions && sessions.opened < sessions.wanted)
    return `${sessions.opened} of ${sessions.wanted} sessions (then ${sessions.refused?.replace(/^HTTP\/\S+ /, '') ?? 'nothing'})`
  return status
}

function notRunText(before: Part, after: Part | null): string[] {
  const told = ({ passes }: Part['expected']): string =>
    passes === null ? 'cannot be told' : passes ? 'should pass' : 'should fail'
  const change =
    after === null ? told(before.expected) : `before: ${told(before.expected)}; after: ${told(after.expected)}`
  return [
    `*not run*: no nginx can be run here, so this is what the configuration says and no proof (${change})`,
    ...(after ?? before).expected.because,
  ]
}

function timeoutText(before: Part, after: Part | null): string {
  const was = before.expected.read_timeout
  const is = after?.expected.read_timeout ?? null
  const change = after === null ? `is ${was ?? '?'} s` : `was ${was ?? '?'} s, is now ${is ?? '?'} s`
  return `not measured, since it is long: the effective proxy_read_timeout ${change}`
}

function limitsOf(run: RunResult | null, { config }: Shown): string[] {
  const files = config.problems.filter(({ kind }) => kind === 'include-missing')
  return [
    ...(run?.left_out ?? []).map(
      ({ what, file, line, why }) => `${what} (${line === 0 ? file : `${file}:${line}`}) was left out: ${why}`,
    ),
    ...(run?.assumed ?? []).map(
      (name) =>
        `$${name} is not defined in the files that were given; ${name === 'connection_upgrade' ? 'its usual map' : 'an empty value'} was assumed`,
    ),
    ...files.slice(0, 5).map(({ message }) => `${message}; what it sets is not part of the proof`),
    ...(run?.outcome?.status === 403 && run.backend === null
      ? ['access rules by address see 127.0.0.1 in a proof']
      : []),
  ]
}
