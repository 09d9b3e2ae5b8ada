/** `'' close` in the map ends every kept connection to the backend, which `keepalive` was set up for. */
import { isUpgradeMap, mapped } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { groupOf, valueOf, variablesIn } from '../subject.ts'

export const keepaliveMapClose: Rule = {
  id: 'keepalive-map-close',
  title: 'The map closes connections that keepalive should keep',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive',
  check(subject, report) {
    const seen = new Set<unknown>()
    for (const place of subject.sockets) {
      const group = groupOf(subject, place)
      const keepalive = group?.children.find(({ statement }) => statement.name === 'keepalive')
      const keeps = keepalive ? keepalive.statement.args[0] !== '0' : subject.modern
      if (!group || !keeps) continue
      for (const name of (place.headers.get('connection') ?? []).flatMap((line) => variablesIn(valueOf(line)))) {
        const map = subject.maps.get(name)?.at(-1)
        if (!map || seen.has(map) || !isUpgradeMap(map) || mapped(map, '') !== 'close') continue
        seen.add(map)
        report.at(
          map,
          'info',
          `ordinary requests to ${group.statement.args[0]} say "Connection: close", so its connections are not kept`,
          "'' '';",
        )
      }
    }
  },
}
