/** An open session was cut after a fixed time in which neither side sent a byte. nginx reports it on the client's
 *  connection at [info], so the default error_log level hides it; the lengths of the 101s still show it, as a peak.
 *  Source: ngx_http_upstream_process_upgraded, ngx_connection_error. */
import { fixOf, prepare, rollBack, servingLocation, snippet, TEST_AND_RELOAD } from '../advice.ts'
import { changedSince } from '../changed-since.ts'
import type { Cause, Reason, Weighed } from '../cause.ts'
import type { Alternative, ConfigView, Directive, Lifetimes, Observation, Scope } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'
import { lifetimeOf } from '../histogram.ts'
import { MinuteCounts } from '../minute-counts.ts'
import { TIMEOUTS, timeoutsAt, type TimeoutOf } from '../outer-layers.ts'
import { findPeaks, type Peak } from '../peaks.ts'
import { severityOf } from '../severity.ts'
import type { View } from '../view.ts'

export const idleTimeout: Cause = {
  id: 'idle-timeout',
  title: '{sessions} are cut after {seconds}{where}',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',

  weigh(view, config) {
    const said = groupBy(view.signs('upgraded-idle-timeout'), 'server+path')
    const lengths = lengthsByPlace(view)
    const found: Weighed[] = said.map(({ scope, members }) => fromErrorLog(scope, members, lengths, config))
    for (const [key, place] of lengths) {
      if (place.used) continue
      const weighed = fromLengths(place.scope, place.lifetimes, view, config)
      if (weighed !== null) found.push(weighed)
      lengths.delete(key)
    }
    for (const w of [
      ...told(view, 'haproxy-tunnel-idle', 'haproxy-tunnel-idle-client'),
      ...told(view, 'body-timeout'),
    ]) {
      // The lengths of the same sessions were found already.
      const same = found.find(({ scope }) => scope.server === w.scope.server && scope.path === w.scope.path)
      if (same === undefined) found.push(w)
      else {
        same.for.push(...w.for)
        same.observations = [...same.observations, ...w.observations.map((o) => ({ ...o, echo: true }))]
      }
    }
    return found
  },

  fix(weighed, config) {
    const { scope } = weighed
    const settings = scope.path === null ? null : (config?.settings(scope.server, scope.path) ?? null)
    const context = settings?.context ?? servingLocation(scope)
    const cut = Number(weighed.values?.['cut'] ?? 0)
    const { edge, kind, source } = weighed.values ?? {}
    if (weighed.observations.some((o) => o.sign.startsWith('haproxy-')))
      return fixOf({
        layer: 'edge',
        summary:
          'Nothing to change in nginx: HAProxy cut the quiet sessions. First let the application send a heartbeat (WebSocket ping) more often than its timeout; if it cannot, raise `timeout tunnel` there above the longest silence.',
        verify: ['# leave one session idle for longer than before: it must stay open'],
      })
    if (edge !== undefined)
      return fixOf({
        layer: 'edge',
        summary:
          kind === 'lifetime'
            ? `Suspected: ${edge} (${source}). It ends a session at that age whatever passes, so a heartbeat does not help: raise it there, and let the client reconnect.`
            : `Suspected: ${edge} (${source}). A heartbeat (WebSocket ping) at least every ${Math.max(1, Math.floor(cut / 2))} s keeps sessions open; nothing in nginx does. Or raise that timeout, where the provider lets you.`,
        verify: [
          '# connect to nginx directly, without the layer in front, and stay idle for longer: it must stay open',
        ],
      })
    // Bounded: five minutes serves every usual heartbeat; an hour-long timeout only hides a missing one.
    const seconds = cut > 0 && cut < 300 ? 300 : 600
    const directives: Directive[] = [
      { context, text: `proxy_read_timeout ${seconds}s;` },
      { context, text: `proxy_send_timeout ${seconds}s;` },
    ]
    const patch = scope.path === null ? null : (config?.patch(scope.server, scope.path, directives) ?? null)
    return fixOf({
      layer: 'nginx',
      summary: `First let the application send a heartbeat (WebSocket ping) ${cut > 0 ? `at least every ${Math.max(1, Math.floor(cut / 2))} s` : 'at half the timeout in effect (nginx has 60 s when nothing is set)'}: traffic in either direction keeps the session open. If it cannot, raise the timeout above its longest silence; a shorter timeout in a proxy in front would still cut.`,
      directives,
      snippet: snippet(directives),
      patch: patch?.patch ?? null,
      target: patch?.target ?? (settings ? { file: settings.file, line: settings.line } : null),
      prepare: prepare(config),
      verify: [TEST_AND_RELOAD, '# then leave one session idle for longer than before: it must stay open'],
      rollback: rollBack(config),
    })
  },
}

interface Place {
  scope: Scope
  lifetimes: Lifetimes[]
  used: boolean
}

function lengthsByPlace(view: View): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const l of view.evidence.lifetimes.values()) {
    const key = JSON.stringify([l.scope.server, l.scope.path])
    const found = places.get(key)
    if (found) found.lifetimes.push(l)
    else places.set(key, { scope: { ...l.scope, upstream: null }, lifetimes: [l], used: false })
  }
  return places
}

function fromErrorLog(
  scope: Scope,
  members: Observation[],
  lengths: Map<string, Place>,
  config: ConfigView | null,
): Weighed {
  const n = countOf(members)
  const reasons: Reason[] = [
    {
      weight: 0.95,
      text: `nginx itself reported ${times(n)} that no byte passed in either direction until its timeout`,
    },
  ]
  const observations = [...members]
  const against: Reason[] = []
  let measured: number | null = null
  // Combined-like formats know no server: then the path alone has to match.
  const place = [...lengths.values()].find(
    (p) => p.scope.path === scope.path && (p.scope.server === scope.server || p.scope.server === null),
  )
  if (place) {
    place.used = true
    const peak = findPeaks(place.lifetimes)[0]
    const shortest = peak ? null : allCut(place, n)
    measured = peak?.seconds ?? shortest
    if (peak) {
      reasons.push({ weight: 0.4, text: `${peak.count} of ${peak.total} sessions lasted ${secondsText(peak.seconds)}` })
      observations.push(peakObservation(scope, peak, true))
    } else if (shortest !== null)
      reasons.push({ weight: 0.2, text: `the shortest of these sessions lasted ${secondsText(shortest)}` })
  }
  const configured = timeoutOf(scope, config)
  const last = Math.max(...members.map((o) => o.last ?? -Infinity))
  const changed = changedSince(config, last)
  const agrees = configured !== null && (measured === null ? changed === null : Math.abs(configured - measured) <= 0.5)
  let over: Weighed['over']
  if (configured !== null && !agrees) {
    if (changed !== null && (measured === null || configured > measured)) {
      over = { since: changed, successes: 0, why: 'config-changed' }
      reasons.push({
        weight: 0,
        text: `your configuration says ${secondsText(configured)}, and was changed after the last cut: nothing was cut since`,
      })
    } else {
      const text = `your configuration says ${secondsText(configured)}: the running nginx has another one (not reloaded?), or another hop cuts first`
      against.push({ weight: 0.1, text })
    }
  }
  // What was measured beats what is written: a file says what should be in effect.
  const cut = measured ?? (agrees ? configured : null)
  const weighed: Weighed = {
    scope,
    for: reasons,
    against,
    observations,
    values: values(scope, cut),
    alternatives: edgeFirst(scope),
  }
  return over === undefined ? weighed : { ...weighed, over }
}

/** When every session of the place was cut, the shortest one shows the timeout: it cannot be longer than a session.
 *  Null when others ended on their own, or when no whole number of seconds fits. */
function allCut(place: Place, cuts: number): number | null {
  const buckets = place.lifetimes.flatMap((l) => [...l.buckets])
  if (buckets.reduce((sum, [, sessions]) => sum + sessions, 0) !== cuts) return null
  const shortest = lifetimeOf(Math.min(...buckets.map(([bucket]) => bucket)))
  return shortest >= 1 && shortest - Math.floor(shortest) <= 0.3 ? Math.floor(shortest) : null
}

function fromLengths(scope: Scope, lifetimes: Lifetimes[], view: View, config: ConfigView | null): Weighed | null {
  const configured = timeoutOf(scope, config)
  const likely = configured === null ? TIMEOUTS.map((t) => t.seconds) : [configured]
  const peak = findPeaks(lifetimes, likely)[0]
  if (peak === undefined) return null
  const share = peak.count / peak.total
  const idle = peak.unused * 2 >= peak.count
  const suspects = timeoutsAt(peak.seconds, peak.outlived > 0)
  const matches = configured !== null && Math.abs(configured - peak.seconds) < 0.05
  // Where the configuration is known and says something else, it is somebody else's.
  const known = suspects.filter((t) => configured === null || t.layer === 'edge')
  const others = peak.byChance > 0 ? `; of these about ${peak.byChance} by chance` : ''
  const reasons: Reason[] = [
    {
      weight: weightOf(peak, idle && (matches || known.length > 0)) * Math.min(1, 0.6 + share),
      text: `${peak.count} of ${peak.total} sessions lasted ${secondsText(peak.seconds)}, within 0.3 s, and hardly any a little shorter or longer${others}`,
    },
  ]
  if (matches) reasons.push({ weight: 0.7, text: `that is the proxy_read_timeout in effect there` })
  else if (known.length > 0)
    reasons.push({
      weight: 0.3,
      text: `that is ${known.map((t) => t.whose).join(', or ')} (suspected: the number fits)`,
    })
  const against: Reason[] = []
  // A client that always stays so long, a monitor or a cron job makes a peak too.
  if (!idle && !matches && known.length === 0)
    against.push({
      weight: 0.4,
      text: 'these sessions carried data: they may have been in use, and ended by the client',
    })
  if (configured !== null && !matches)
    against.push({
      weight: known.length > 0 ? 0.2 : 0.35,
      text: `the proxy_read_timeout in effect is ${secondsText(configured)}: another layer or the application may be the one that closes`,
    })
  if (view.evidence.error_levels.has('info') && view.hasError && !(known.length > 0 && configured !== null))
    against.push({ weight: 0.5, text: 'the error log is at level info and does not report the timeout' })
  if (view.signs('app-ping-timeout').length > 0)
    against.push({ weight: 0.3, text: 'the application sends pings: these keep sessions open past an idle timeout' })
  return {
    scope,
    for: reasons,
    against,
    observations: [peakObservation(scope, peak, false)],
    values: { ...values(scope, peak.seconds), ...whose(matches ? [] : known) },
    // One or two may be chance.
    severity: peak.count >= 3 || matches ? 'warning' : 'info',
    alternatives: edgeFirst(scope),
    count: peak.count,
  }
}

/** How far a peak of that size convinces. `named`: sessions without a byte, at a timeout that is known to be there or usual. */
function weightOf({ count, byChance }: Peak, named: boolean): number {
  const n = count - byChance
  return n >= 20 ? 0.8 : n >= 8 ? 0.72 : n >= 5 ? 0.65 : n >= 3 ? 0.55 : named ? 0.4 : 0.2
}

/** Values for the fix: a layer in front, and whether traffic would help. */
function whose(known: readonly TimeoutOf[]): Record<string, string> {
  const [first] = known
  if (first === undefined || known.some((t) => t.layer === 'nginx')) return {}
  return { edge: first.whose, kind: first.kind, source: `${first.source}, as of ${first.read}` }
}

function peakObservation(scope: Scope, peak: Peak, echo: boolean): Observation {
  return {
    scope,
    sign: 'session-length-peak',
    kind: 'session_closed',
    status: 101,
    asked: null,
    answered_by: null,
    echo,
    count: peak.count,
    first: peak.first,
    last: peak.last,
    zone: 'known',
    minutes: new MinuteCounts(),
    exemplars: peak.exemplars,
    clients: new Set(),
  }
}

function timeoutOf(scope: Scope, config: ConfigView | null): number | null {
  if (scope.path === null || config === null) return null
  const settings = config.settings(scope.server, scope.path)
  return settings === null ? null : (settings.proxy_read_timeout ?? 60)
}

const secondsText = (s: number): string => `${Number.isInteger(s) ? s : s.toFixed(1)} s`
const values = (scope: Scope, cut: number | null): Record<string, string> => ({
  sessions: 'Idle WebSockets',
  seconds: cut === null ? 'a fixed time' : secondsText(cut),
  where: scope.path === null ? '' : ` at ${scope.path}`,
  ...(cut === null ? {} : { cut: String(cut) }),
})

/** What a proxy says of a connection that was open and went quiet, with no length to measure. */
const TOLD: Readonly<Record<string, { weight: number; text: string }>> = {
  'haproxy-tunnel-idle': { weight: 0.9, text: 'HAProxy ended quiet sessions (sD: timeout tunnel or timeout server)' },
  'haproxy-tunnel-idle-client': {
    weight: 0.85,
    text: 'HAProxy ended quiet sessions (cD: timeout tunnel or timeout client)',
  },
  'body-timeout': {
    weight: 0.6,
    text: 'an answer had begun and then nothing came for proxy_read_timeout: events and streams that are quiet for longer, or a backend that hangs',
  },
}

function told(view: View, ...signs: string[]): Weighed[] {
  return groupBy(view.signs(...signs), 'server+path').map(({ scope, members }) => ({
    scope,
    for: signs.flatMap((sign) => {
      const n = countOf(members.filter((o) => o.sign === sign))
      const { weight, text } = TOLD[sign] as { weight: number; text: string }
      return n > 0 ? [{ weight, text: `${text} (${times(n)})` }] : []
    }),
    against: [],
    observations: members,
    // A download that stalls is no socket.
    severity: severityOf(members, view, 'warning'),
    values: { ...values(scope, null), ...(signs.includes('body-timeout') ? { sessions: 'Quiet streams' } : {}) },
    alternatives: signs.includes('body-timeout')
      ? [
          {
            cause: 'backend-slow',
            confidence: 0.35,
            check:
              'is it a page or a download rather than a stream of events? then the backend hangs in the middle of it',
          },
        ]
      : edgeFirst(scope),
  }))
}

function edgeFirst(scope: Scope): Alternative[] {
  return [
    {
      cause: 'peer-vanished',
      confidence: 0.1,
      check: `the application's log at the same second: a ping without an answer means that the visitor's machine was gone`,
    },
    {
      cause: 'abnormal-closure',
      confidence: 0.08,
      check: `connect to the backend directly and stay idle: cut as well means that the application closes, not ${scope.server === null ? 'nginx' : 'the proxy'}`,
    },
  ]
}
