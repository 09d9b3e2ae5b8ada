/** nginx could not use what the backend sent: header too big, invalid, or not HTTP at all.
 *  Source: ngx_http_upstream_process_header, ngx_http_parse_status_line. */
import { fixOf, prepare, rollBack, servingLocation, snippet, TEST_AND_RELOAD, upstream } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import type { Directive } from '../contract.ts'

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
    const context = servingLocation({ ...w.scope, path: w.observations[0]?.scope.path ?? null })
    const sizes = ['proxy_buffer_size 16k;', 'proxy_buffers 8 16k;', 'proxy_busy_buffers_size 32k;']
    const directives: Directive[] = big ? sizes.map((text) => ({ context, text })) : []
    return fixOf({
      layer: big ? 'nginx' : 'application',
      summary: big
        ? 'Give the answer header more room; large cookies are the usual reason, and fewer or smaller cookies the better cure.'
        : `Check what listens at that port: it does not answer in HTTP/1 (another service, an HTTP/2-only or TLS port).`,
      directives,
      snippet: big ? snippet(directives) : null,
      prepare: big ? prepare(config) : [],
      verify: [...(big ? [TEST_AND_RELOAD] : []), `curl -sSi --max-time 5 http://${upstream(w.scope)}/ | head -20`],
      rollback: big ? rollBack(config) : [],
    })
  },
}
