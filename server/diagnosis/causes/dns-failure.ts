/** The backend's name could not be turned into an address. With a variable in proxy_pass nginx asks its own `resolver`
 *  for every request and does not look into /etc/hosts. Source: ngx_http_upstream_resolve_handler, core/ngx_resolver.c. */
import { fixOf, prepare, rollBack, snippet, TEST_AND_RELOAD } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause, Weighed } from '../cause.ts'
import type { Alternative, Directive } from '../contract.ts'
import { startedSince } from '../started-since.ts'

const SIGNS: Signs = {
  'name-not-resolved': { weight: 0.95, text: "the backend's name could not be resolved" },
  'name-not-found': { weight: 0.93, text: "the backend's name was not found" },
  'app-proxy-name-unknown': { weight: 0.92, text: "the backend's name is not known (Caddy, Traefik)" },
  'resolver-unreachable': { weight: 0.85, text: 'the name server did not answer' },
}

export const dnsFailure: Cause = {
  id: 'dns-failure',
  title: "nginx cannot resolve the backend's name{which}",
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver',

  weigh: (view) =>
    weighSigns(view, SIGNS, 'server+path', 'error')
      .map(named)
      .map((w) =>
        // At a start or a reload no request is named, and every place is concerned.
        atStart(w) ? { ...w, severity: 'error', alternatives: [STALE], ...startedSince(view, w.observations) } : w,
      ),

  fix(w, config) {
    const none = w.observations.some((o) => o.exemplars.some((e) => e.text.includes('no resolver defined')))
    if (atStart(w))
      return fixOf({
        layer: 'nginx',
        summary:
          'nginx looks names in proxy_pass and upstream up once, when it starts or reloads, and does neither while one is unknown: what runs is the configuration before. Check the spelling; in containers start the backend first, in the same network. With a variable in proxy_pass and a `resolver` nginx starts without it.',
        verify: ['grep ^nameserver /etc/resolv.conf', TEST_AND_RELOAD],
      })
    const known = config?.name_servers ?? []
    const servers = known.length > 0 ? known.join(' ') : '127.0.0.53'
    const directives: Directive[] = none ? [{ context: 'http', text: `resolver ${servers} valid=30s;` }] : []
    const { server, path } = place(w)
    const patch = none && known.length > 0 ? (config?.patch(server, path, directives) ?? null) : null
    return fixOf({
      layer: 'nginx',
      summary: none
        ? 'proxy_pass holds a variable, so nginx resolves the name at run time and needs a resolver. Or write the name without a variable: then it is resolved once, at the start. In Docker the name server is 127.0.0.11, whatever the machine asks where the configuration was read.'
        : 'Check the name and that the name server in `resolver` knows it. nginx asks that server only: names from /etc/hosts and search domains do not count.',
      directives,
      snippet: none
        ? snippet(directives.map((one) => ({ ...one, text: `${one.text}   # in Docker: 127.0.0.11` })))
        : null,
      patch: patch?.patch ?? null,
      target: patch?.target ?? null,
      prepare: none ? prepare(config) : [],
      verify: ['grep ^nameserver /etc/resolv.conf', TEST_AND_RELOAD],
      rollback: none ? rollBack(config) : [],
    })
  },
}

/** The request that met it: two servers of one configuration may need it, and one line in http context serves both. */
const place = ({ scope, observations }: Weighed): { server: string | null; path: string | null } =>
  scope.path === null ? (observations.find((o) => o.scope.path !== null)?.scope ?? scope) : scope

const atStart = ({ observations }: Weighed): boolean =>
  observations.some((o) => o.sign === 'name-not-found' && o.exemplars.some((e) => e.text.includes('[emerg]')))

const STALE: Alternative = {
  cause: 'config-not-applied',
  confidence: 0.3,
  check: 'sudo nginx -t # refused for this name alone? then nothing else is wrong in it',
}

/** nginx says the name in the message, and where it was needed in the fields behind it. */
function named(w: Weighed): Weighed {
  const name = w.observations
    .flatMap(({ exemplars }) => exemplars)
    .map(({ text }) => /(?:\*\d+ |: )([\w.-]{1,100}) could not be resolved/.exec(text)?.[1])
    .find((found) => found !== undefined)
  return name === undefined ? w : { ...w, values: { which: ` ${name}` } }
}
