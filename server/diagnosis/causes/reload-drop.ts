/** Sessions that ended together. A reload of nginx leaves them to the old workers, and worker_shutdown_timeout closes them
 *  there; a stop closes them at once; a deployment closes them from the backend. nginx writes no error for any of these at
 *  its default level. Source: ngx_set_shutdown_timer, ngx_worker_process_cycle, ngx_http_upstream_process_upgraded. */
import { fixOf, prepare, rollBack, TEST_AND_RELOAD } from '../advice.ts'
import type { Cause, Reason, Weighed } from '../cause.ts'
import type { Alternative, ConfigView, Observation } from '../contract.ts'
import { clientsOf, countOf, times } from '../group.ts'
import { ofApplication } from '../drops-told.ts'
import { massDrops, oneOfSeveral, placeOf, proofsOf, sessionsOf, sumOf, type Drop } from '../mass-drops.ts'
import type { View } from '../view.ts'

const LIFE = ['reload', 'worker-shutdown', 'worker-exited', 'stop'] as const
const AWAY = ['connect-refused', 'connect-socket-missing', 'connect-failed', 'no-live-upstreams'] as const
const SECOND = 1000
const DAY = 86_400
/** Seconds after a drop in which a backend that starts anew is not there yet. */
const STARTING = 120
/** The tests that decide who ended them. */
const STARTED =
  "systemctl show -p ActiveEnterTimestamp APPLICATION # or docker inspect -f '{{.State.StartedAt}}' CONTAINER: started in that second means restarted or deployed"
const RELOADED =
  "journalctl -u nginx | grep -iE 'reload|stop' # or error_log … notice: a reload before that second means that an old worker of nginx ended"
/** Seconds by which two stamps of one moment differ. */
const SAME = 2

export const reloadDrop: Cause = {
  id: 'reload-drop',
  title: 'Sessions are cut together{what}',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/ngx_core_module.html#worker_shutdown_timeout',

  weigh(view, config) {
    const sessions = sessionsOf(view)
    const drops = massDrops(view.evidence, sessions)
    const byNginx = completedAll(view, sessions) ? [] : drops.filter((d) => endedByNginx(d.second, view, config))
    const rest = drops.filter((d) => !byNginx.includes(d) && oneOfSeveral(d, sessions) === null)
    const said = drops.length === 0 ? ofApplication(view) : null
    return [ofNginx(byNginx, sessions, view, config), ofBackend(rest, sessions, view), said].filter((w) => w !== null)
  },

  fix(w, config, view) {
    const nginx = w.values?.['by'] === 'nginx'
    const ingress = view.evidence.formats.has('ingress-access')
    const clients =
      'Let the client reconnect by itself, after a pause that grows and differs from client to client, so that a reload is no outage.'
    if (!nginx)
      return fixOf({
        layer: w.values?.['by'] === 'backend' ? 'application' : 'none',
        summary:
          w.values?.['by'] === 'backend'
            ? `Nothing to change in nginx as far as the logs show. If this was a deployment, let the application close its sessions a few at a time, with code 1012 (service restart), before it stops. ${clients}`
            : `First find out who ended them, with the commands below: an old worker of nginx, or the application. ${clients}`,
        verify: [STARTED, RELOADED],
      })
    // Unset, old workers stay until their last session ends, and a number would only end them earlier.
    if (!ingress && config?.whole === true && config.shutdown_timeout == null)
      return fixOf({
        layer: 'host',
        summary: `No line of nginx changes this: your configuration has no worker_shutdown_timeout, so a reload ends no session; nginx was stopped or restarted. Reload it instead of restarting it, and restart it when few sessions are open. ${clients}`,
        verify: ["journalctl -u nginx | grep -iE 'start|stop|reload' # who restarts it, and how often?"],
      })
    const directives = ingress ? [] : [{ context: 'main', text: `worker_shutdown_timeout ${longer(config)};` }]
    const patch = config?.patch(null, null, directives) ?? null
    return fixOf({
      layer: 'nginx',
      summary: ingress
        ? `Raise worker-shutdown-timeout in the ConfigMap of ingress-nginx (240s by default), and find out what reloads it so often (changing Ingresses, Endpoints of many services). ${clients}`
        : `Give old workers more time, or leave worker_shutdown_timeout out: then they stay until their last session ends, and take memory as long. Reload less often. ${clients}`,
      directives,
      snippet: ingress
        ? '# ConfigMap ingress-nginx-controller, data:\nworker-shutdown-timeout: "4h"'
        : `# main (top of nginx.conf, outside of http)\nworker_shutdown_timeout ${longer(config)};`,
      patch: patch?.patch ?? null,
      target: patch?.target ?? null,
      prepare: ingress ? [] : prepare(config),
      verify: ['sudo nginx -T 2>/dev/null | grep -n worker_shutdown_timeout', ...(ingress ? [] : [TEST_AND_RELOAD])],
      rollback: ingress ? [] : rollBack(config),
    })
  },
}

/** The log tells whether nginx broke a session off, and it broke off none: those that ended with an old worker ended by
 *  themselves, and the worker went since nothing was left for it. */
const completedAll = ({ evidence }: View, sessions: readonly Observation[]): boolean =>
  evidence.variables.has('request_completion') && sessions.length > 0 && !sessions.some((o) => o.sign === 'session-cut')

/** Four hours hold a working session; longer ones are given twice their time. */
function longer(config: ConfigView | null): string {
  const now = config?.shutdown_timeout ?? 0
  return now < 2 * 3600 ? '4h' : `${Math.ceil(now / 1800)}h`
}

/** Whether a line with one of these signs is of a moment in [from, to], seconds since 1970. `there`: of a place that counts. */
function within(
  view: View,
  signs: readonly string[],
  from: number,
  to: number,
  there: (o: Observation) => boolean = () => true,
): boolean {
  return view.signs(...signs).some((o) => {
    if (!there(o)) return false
    const known = o.exemplars.some(({ time }) => time !== null && time >= from * SECOND && time < (to + 1) * SECOND)
    // Of many only five are kept; of the others the minute is known.
    return (
      known || (o.count > o.exemplars.length && o.minutes.step === 1 && o.minutes.touches(from * SECOND, to * SECOND))
    )
  })
}

/** An old worker, told to shut down before, exited as its last sessions ended; or its time was over by the configuration.
 *  A stop by TERM writes no line for the sessions it ends: those that ended before it, ended by themselves. */
function endedByNginx(second: number, view: View, config: ConfigView | null): boolean {
  const most = config?.shutdown_timeout ?? null
  return (
    (within(view, ['worker-exited'], second, second + 1) && within(view, ['worker-shutdown'], second - DAY, second)) ||
    (most !== null && within(view, ['worker-shutdown'], second - most - SAME, second - most + SAME))
  )
}

function ofNginx(
  drops: readonly Drop[],
  sessions: readonly Observation[],
  view: View,
  config: ConfigView | null,
): Weighed | null {
  // An empty $request_completion: nginx itself broke off. It does so for a visitor who does not read, too.
  const cut = sessions.filter(
    (o) =>
      o.sign === 'session-cut' &&
      o.exemplars.some(({ time }) => time !== null && endedByNginx(Math.floor(time / SECOND), view, config)) &&
      within(view, ['worker-shutdown'], -Infinity, (o.last ?? 0) / SECOND),
  )
  const open = view.signs('sockets-left-open')
  const life = view.signs(...LIFE)
  if (drops.length === 0 && cut.length === 0 && open.length === 0) return null
  const reasons: Reason[] = drops.length === 0 ? [] : [together(drops)]
  if (drops.length > 0)
    reasons.push({ weight: 0.8, text: 'a worker of nginx was told to stop, and exited in the same second' })
  if (cut.length > 0)
    reasons.push(
      { weight: 0.6, text: `nginx itself broke off ${times(countOf(cut))} ($request_completion is empty)` },
      { weight: 0.55, text: 'its old worker shut down at that moment, after a reload or stop' },
    )
  if (open.length > 0)
    reasons.push({ weight: 0.85, text: `nginx stopped with connections still open (${times(countOf(open))})` })
  if (config?.shutdown_timeout != null)
    reasons.push({
      weight: 0.2,
      text: `your configuration sets worker_shutdown_timeout to ${config.shutdown_timeout} s`,
    })
  const n = Math.max(sumOf(drops), countOf(cut), countOf(open))
  return {
    scope: { server: null, path: null, upstream: null },
    for: reasons,
    against: oneAddress(sessions, drops),
    observations: [...proofsOf(drops, sessions), ...cut, ...open, ...life].map((o) => ({ ...o, echo: true })),
    severity: n >= 3 ? 'warning' : 'info',
    values: { what: ' when nginx reloads or stops', by: 'nginx' },
    alternatives: [
      {
        cause: 'backend-reset',
        confidence: 0.1,
        check: `docker inspect -f '{{.State.StartedAt}}' CONTAINER # the same second: the application was restarted together with nginx`,
      },
    ],
    count: n,
  }
}

function ofBackend(drops: readonly Drop[], sessions: readonly Observation[], view: View): Weighed | null {
  if (drops.length === 0) return null
  const { error_levels } = view.evidence
  const notices = ['notice', 'info', 'debug'].some((level) => error_levels.has(level))
  const theirs = (o: Observation): boolean => isTheirs(o, sessions)
  const away = drops.filter((d) => within(view, AWAY, d.second - SAME, d.second + STARTING, theirs))
  const reset = drops.filter((d) => within(view, ['upgraded-backend-reset'], d.second - SAME, d.second + SAME, theirs))
  const reasons = [together(drops)]
  if (drops.length > 1) reasons.push({ weight: 0.3, text: `that happened ${times(drops.length)}` })
  if (away.length > 0)
    reasons.push({
      weight: 0.5,
      text: 'right after it nothing listened at the backend: the application was restarted, or deployed anew',
    })
  if (notices)
    reasons.push({ weight: 0.15, text: "nginx's error log has notices, and none of a reload or stop at that time" })
  const against = oneAddress(sessions, drops)
  const same = drops.filter((d) => d.mixed === false)
  if (same.length > 0)
    against.push({
      weight: same.length === drops.length ? 0.6 : 0.2,
      text: 'these sessions had one age: they began together, and a timeout or maximum age may have ended them',
    })
  if (reset.length > 0)
    against.push({ weight: 0.6, text: 'the backend reset them: a crash or kill rather than an orderly stop' })
  const found = proofsOf(drops, sessions)
  return {
    scope: placeOf(sessions, drops),
    for: reasons,
    against,
    observations: found,
    // A deployment is what people do; several a day are worth a look.
    severity: mostInADay(drops) >= 3 ? 'warning' : 'info',
    values: {
      what: away.length > 0 ? ' when the backend restarts' : '',
      by: away.length + reset.length > 0 || notices ? 'backend' : 'unknown',
    },
    alternatives: alternatives(reset.length > 0, same.length > 0),
    count: sumOf(drops),
  }
}

/** Whether a failure is of the backend of these sessions: by its address where both lines tell it, else by the path. */
function isTheirs({ scope }: Observation, sessions: readonly Observation[]): boolean {
  return sessions.some(({ scope: own }) =>
    own.upstream !== null && scope.upstream !== null
      ? own.upstream === scope.upstream
      : own.path === null || scope.path === null || own.path === scope.path,
  )
}

function together(drops: readonly Drop[]): Reason {
  const [largest] = drops
  const { n, mixed, ages } = largest as Drop
  const size = n >= 20 ? 0.15 : n >= 10 ? 0.1 : 0
  const seconds = (s: number): string =>
    s < 90 ? `${Math.floor(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`
  const aged = mixed && ages !== null ? `, between ${seconds(ages.youngest)} and ${seconds(ages.oldest)} old` : ''
  return {
    weight: (mixed === true ? 0.62 : mixed === null ? 0.45 : 0.4) + size,
    text: `${n} sessions${aged} ended within a second or two of ${new Date((largest as Drop).second * SECOND).toISOString().replace('.000Z', 'Z')}, where few end at once`,
  }
}

/** Ten tabs of one visitor end together, too; so does everybody behind one address. */
function oneAddress(sessions: readonly Observation[], drops: readonly Drop[]): Reason[] {
  if (drops.length === 0 || clientsOf(sessions) !== 1) return []
  return [{ weight: 0.3, text: 'all sessions came from one address: one visitor with many tabs, or a proxy in front' }]
}

function alternatives(reset: boolean, sameAge: boolean): Alternative[] {
  return [
    { cause: 'backend-reset', confidence: reset ? 0.6 : 0.3, check: STARTED },
    ...(sameAge
      ? [
          {
            cause: 'idle-timeout',
            confidence: 0.35,
            check: 'log $request_time: the same length day after day is a timeout or a maximum age',
          },
        ]
      : []),
  ]
}

function mostInADay(drops: readonly Drop[]): number {
  const all = drops.map((d) => d.second).sort((a, b) => a - b)
  return all.reduce((most, from) => Math.max(most, all.filter((s) => s >= from && s < from + DAY).length), 0)
}
