/** A map for Connection that does not say `upgrade` for a WebSocket, or says it for every request. */
import { mapped } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { valueOf, variablesIn } from '../subject.ts'
import { MAP } from '../upgrade-lines.ts'

export const mapIncomplete: Rule = {
  id: 'map-incomplete',
  title: 'The map for Connection gives the wrong value',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/websocket.html',
  check({ sockets, maps }, report) {
    const used = new Set(
      sockets.flatMap(({ headers }) => (headers.get('connection') ?? []).flatMap((line) => variablesIn(valueOf(line)))),
    )
    for (const name of used) {
      const map = maps.get(name)?.at(-1)
      if (!map || map.statement.name !== 'map' || map.statement.args[0] !== '$http_upgrade' || map.gaps.length > 0)
        continue
      const forSocket = mapped(map, 'websocket')
      if (forSocket.includes('$') || map.children.some(({ statement }) => statement.name.startsWith('~'))) continue
      if (!/upgrade/i.test(forSocket))
        report.at(map, 'error', `$${name} is "${forSocket}" for a WebSocket; it has to be "upgrade"`, MAP)
      else if (/^upgrade$/i.test(mapped(map, '')))
        report.at(
          map,
          'warning',
          `$${name} is "upgrade" for requests without Upgrade too: the line for '' is missing`,
          "'' close;",
        )
    }
  },
}
