/** `"map" directive is not allowed here`: it belongs into http, beside the servers. */
import type { Rule } from '../rule.ts'

export const mapWrongContext: Rule = {
  id: 'map-wrong-context',
  title: 'A map stands outside http context',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_map_module.html#map',
  check({ config, named }, report) {
    const maps = new Set([...config.root.children.filter(({ statement }) => statement.name === 'map'), ...named('map')])
    for (const node of maps) {
      const around = node.parent?.statement.name ?? ''
      if (node.statement.name !== 'map' || !node.statement.block) continue
      const main = around === '' && config.kind === 'main'
      if (around === 'server' || around === 'location' || main)
        report.at(
          node,
          'error',
          `a map in ${main ? 'main' : around} context: nginx does not start`,
          'move the map into http, before the first server',
        )
    }
  },
}
