/** A URI part in proxy_pass takes the place of the location's name, letter by letter: `/c` and `/` make `//ws` of `/c/ws`. */
import type { Rule } from '../rule.ts'

export const pathRewritten: Rule = {
  id: 'path-rewritten',
  title: 'proxy_pass changes the path of a socket',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  check({ sockets }, report) {
    for (const { pass, pattern, sign, block } of sockets) {
      const [, base = '', uri = ''] =
        /^(https?:\/\/(?:unix:[^:]+:?|[^/?#]+))(.*)$/is.exec(pass.statement.args[0] ?? '') ?? []
      if (uri === '' || uri.includes('$') || base.includes('$') || block.statement.name !== 'location') continue
      const exact = block.statement.args[0] === '='
      const sample = exact ? pattern : `${pattern}${pattern.endsWith('/') ? '' : '/'}x`
      const sent = uri + sample.slice(pattern.length)
      // The name itself first: it is what most sockets ask for.
      const told =
        exact || pattern.endsWith('/')
          ? `${sample} arrives at the backend as ${sent}`
          : `${pattern} arrives at the backend as ${uri}, and ${sample} as ${sent}`
      const keep = `proxy_pass ${base};`
      if (sent === sample) continue
      if (/\/\//.test(sent)) report.at(pass, sign === 'name' ? 'error' : 'warning', told, keep)
      else if (!exact && pattern.endsWith('/') && !uri.endsWith('/') && uri !== '/')
        report.at(
          pass,
          sign === 'name' ? 'error' : 'warning',
          `${told}: the slash between is gone`,
          `proxy_pass ${base}${uri}/;`,
        )
      else if (/\/(?:socket|engine)\.io\/$/.test(pattern))
        report.at(pass, 'warning', `${told}; Socket.IO answers only at its own path`, keep)
      else if (sign === 'name') report.at(pass, 'info', `${told}, if that is what it serves`, null)
    }
  },
}
