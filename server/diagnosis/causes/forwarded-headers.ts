/** The application distrusts or misses X-Forwarded-*: nginx's logs never show it, the application's line decides.
 *  Sources: Home Assistant http/forwarded.py, ASP.NET ForwardedHeadersMiddleware. */
import { fixOf } from '../advice.ts'
import type { Signs } from '../by-signs.ts'
import type { Cause, Weighed } from '../cause.ts'
import { toldByApplication } from '../told-by-application.ts'

const SIGNS: Signs = {
  'app-forwarded-untrusted': {
    weight: 0.93,
    text: 'the application refuses or ignores the X-Forwarded headers of the proxy in front of it',
  },
}
/** RFC 1918, RFC 4193 and loopback: only such an address can be the proxy beside the application. */
const PRIVATE =
  /(?<![\d.])(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}(?![\d.])|\bf[cd][0-9a-f]{2}:[0-9a-f:]{2,30}/i
const DOCKER_SUBNET = /^172\./

export const forwardedHeaders: Cause = {
  id: 'forwarded-headers',
  title: 'The application does not trust the X-Forwarded headers of the proxy',
  severity: 'error',
  docs: 'https://www.home-assistant.io/integrations/http/#reverse-proxies',

  weigh: (view) =>
    toldByApplication(view, SIGNS, 'error', () => [
      {
        cause: 'client-url-mismatch',
        confidence: 0.05,
        check: "is the address in the line your proxy's? If not, somebody reaches the application past the proxy",
      },
    ]),

  fix(w) {
    const text = lines(w)
    const port = /Invalid IP address in X-Forwarded-For: \S+:\d+/.test(text)
    const stacked = /Incorrect number of elements|Empty (?:item|value)|Too many/.test(text)
    const address = PRIVATE.exec(text)?.[0]
    if (port)
      return fixOf({
        layer: 'edge',
        summary:
          'A proxy in front writes address and port into X-Forwarded-For. Let nginx set it from $remote_addr: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for, and take the port off at the proxy in front of nginx.',
      })
    if (stacked)
      return fixOf({
        layer: 'edge',
        summary:
          'Several proxies each add to the X-Forwarded headers and do not agree. Let only the outermost set X-Forwarded-Proto and X-Forwarded-Host, and the inner ones pass them on.',
      })
    const named =
      address === undefined
        ? 'the address of your proxy, and only if the line names that one: a public or unknown address must never be trusted'
        : DOCKER_SUBNET.test(address)
          ? `the proxy's address (the line names ${address}; in Docker it may change, so trust the subnet of the proxy's network, after docker network inspect)`
          : `the proxy's address (the line names ${address}: if that is your proxy)`
    return fixOf({
      layer: 'application',
      summary: `Nothing to change in nginx. Tell the application to trust ${named}. Home Assistant: http: use_x_forwarded_for: true and trusted_proxies; ASP.NET: KnownProxies or KnownIPNetworks.`,
    })
  },
}

const lines = (w: Weighed): string => w.observations.flatMap((o) => o.exemplars.map((e) => e.text)).join('\n')
