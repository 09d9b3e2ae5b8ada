/** `$connection_upgrade` is no variable of nginx: a `map` in the http context makes it. Without the map nginx refuses
 *  the whole configuration. Source: ngx_http_variables.c (ngx_http_variables_init_vars), ngx_http_map_module.c. */
import { fixOf, prepare, rollBack, snippet, TEST_AND_RELOAD } from '../advice.ts'
import type { Cause } from '../cause.ts'
import { startedSince } from '../started-since.ts'
import type { Directive, Observation } from '../contract.ts'
import { countOf, times } from '../group.ts'

export const connectionVariableUndefined: Cause = {
  id: 'connection-variable-undefined',
  title: 'nginx refuses the configuration: ${variable} is used without its map',
  severity: 'critical',
  docs: 'https://nginx.org/en/docs/http/ngx_http_map_module.html',

  weigh(view) {
    const unknown = view.signs('variable-undefined')
    const misplaced = view.signs('map-misplaced')
    const all = [...unknown, ...misplaced]
    if (all.length === 0) return []
    const variable = nameIn(unknown) ?? 'connection_upgrade'
    const reasons = []
    if (unknown.length > 0)
      reasons.push({ weight: 0.96, text: `nginx said so ${times(countOf(unknown))}: unknown "${variable}" variable` })
    if (misplaced.length > 0)
      reasons.push({ weight: 0.9, text: 'a map stands outside the http context, where nginx does not allow it' })
    return [
      {
        scope: { server: null, path: null, upstream: null },
        for: reasons,
        against: [],
        observations: all,
        values: { variable },
        ...startedSince(view, all),
      },
    ]
  },

  fix(weighed, config) {
    const variable = weighed.values?.['variable'] ?? 'connection_upgrade'
    const standard = variable === 'connection_upgrade'
    const map = `map $http_upgrade $${variable} {\n    default upgrade;\n    ''      close;\n}`
    const directives: Directive[] = standard ? [{ context: 'http', text: map }] : []
    return fixOf({
      layer: 'nginx',
      summary: standard
        ? 'Put this map once into the http context: in nginx.conf inside http { }, or in a file that conf.d or sites-enabled includes there, outside every server block. Until then nginx keeps running its old configuration, or does not start.'
        : `Define $${variable} (a map or set directive), or correct its spelling. Until then nginx keeps running its old configuration, or does not start.`,
      directives,
      snippet: directives.length > 0 ? snippet(directives) : null,
      prepare: prepare(config),
      verify: ['sudo nginx -t', TEST_AND_RELOAD],
      rollback: rollBack(config),
    })
  },
}

function nameIn(observations: readonly Observation[]): string | null {
  for (const o of observations) {
    const name = /unknown "(\w{1,64})" variable/.exec(o.exemplars[0]?.text ?? '')
    if (name) return name[1] as string
  }
  return null
}
