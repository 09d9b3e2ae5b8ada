/** nginx could not use what the backend sent: header too big, invalid, or not HTTP at all.
 *  Source: ngx_http_upstream_process_header, ngx_http_parse_status_line. */
import { fixOf, prepare, rollBack, servingLocation, settingsOf, snippet, TEST_AND_RELOAD, upstream } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import type { ConfigView, Directive, Scope } from '../contract.ts'

const SIGNS: Signs = {
  'header-too-big': { weight: 0.95, text: 'the header of its answer did not fit into proxy_buffer_size' },
  'header-invalid': { weight: 0.9, text: 'its answer is not valid HTTP' },
}

export const invalidUpstreamResponse: Cause = {
  id: 'invalid-upstream-response',
  title: 'nginx cannot use the answer of the backend{which}',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffer_size',

  weigh: (view) => weighSigns(view, SIGNS, 'server+upstream', 'error'),

  fix(w, config) {
    const big = w.observations.some((o) => o.sign === 'header-too-big')
    const scope = { ...w.scope, path: w.observations.find((o) => o.scope.path !== null)?.scope.path ?? null }
    const directives = big ? buffersFor(scope, config) : []
    const patch = big && scope.path !== null ? (config?.patch(scope.server, scope.path, directives) ?? null) : null
    return fixOf({
      layer: big ? 'nginx' : 'application',
      summary: big
        ? 'Give the answer header more room; large cookies are the usual reason, and fewer or smaller cookies the better cure: every open socket holds one such buffer.'
        : `Check what listens at that port: it does not answer in HTTP/1 (another service, an HTTP/2-only or TLS port).`,
      directives,
      snippet: big ? snippet(directives) : null,
      patch: patch?.patch ?? null,
      target: patch?.target ?? null,
      prepare: big ? prepare(config) : [],
      verify: [...(big ? [TEST_AND_RELOAD] : []), `curl -sSi --max-time 5 http://${upstream(w.scope)}/ | head -20`],
      rollback: big ? rollBack(config) : [],
    })
  },
}

/** Bytes: the header of the recorded failures is about 20 kB, and cookies of single sign-on have that size. */
const ROOM = 32 * 1024
const DEFAULT_BUFFER = 4096

/** Room for the header, and buffers that nginx accepts beside it: proxy_busy_buffers_size is at least the largest buffer and
 *  at most all but one (ngx_http_proxy_merge_loc_conf). Those that are large enough already stay. */
function buffersFor(scope: Scope, config: ConfigView | null): Directive[] {
  const context = settingsOf(scope, config)?.context ?? servingLocation(scope)
  const args = (name: string): readonly string[] =>
    scope.path === null ? [] : (config?.args?.(scope.server, scope.path, name)[0] ?? [])
  const room = Math.max(ROOM, 2 * (bytes(args('proxy_buffer_size')[0]) ?? DEFAULT_BUFFER))
  const size = `${room / 1024}k`
  const one = { context, text: `proxy_buffer_size ${size};` }
  const [count, each] = args('proxy_buffers')
  if (Number(count) >= 3 && (bytes(each) ?? 0) >= room) return [one]
  const busy = { context, text: `proxy_busy_buffers_size ${(2 * room) / 1024}k;` }
  return [one, { context, text: `proxy_buffers ${Math.max(8, Number(count) || 0)} ${size};` }, busy]
}

/** Of a size of nginx (`16k`, `1m`, bytes); null for anything else. */
function bytes(size: string | undefined): number | null {
  const [, digits, unit = ''] = /^(\d+)([km]?)$/i.exec(size ?? '') ?? []
  if (digits === undefined) return null
  return Number(digits) * ({ k: 1024, m: 1024 * 1024 }[unit.toLowerCase()] ?? 1)
}
