/** A location named for a socket passes neither header on: nginx removes Upgrade and sends `Connection: close`. */
import type { Node } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { headerGap, isComplete, type Place, type Subject } from '../subject.ts'
import { headerLines } from '../upgrade-lines.ts'

export const upgradeHeadersMissing: Rule = {
  id: 'upgrade-headers-missing',
  title: 'A socket location does not pass the upgrade on',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/websocket.html',
  check(subject, report) {
    for (const place of subject.sockets) {
      if (place.hidden || place.sign !== 'name') continue
      if (place.headers.has('upgrade') || place.headers.has('connection')) continue
      const gap = headerGap(place)
      if (gap) report.undecided(gap, `whether ${place.name} passes the upgrade on`)
      else {
        const unless = place.level || isComplete(subject) ? '' : ', unless nginx.conf sets both headers for all servers'
        const severity = unless === '' ? 'error' : 'warning'
        report.at(
          place.pass,
          severity,
          `${place.name} passes neither Upgrade nor Connection on${unless}: the backend gets an ordinary request`,
          headerLines(subject, place),
        )
      }
    }
    // Another location of the server may do it for the same backend.
    const beside = passedOn(subject)
    for (const place of subject.places) {
      if (place.sign !== null) continue
      const product = PRODUCTS.exec(hostOf(place))?.[0]
      if (product === undefined || beside.get(place.server)?.has(hostOf(place)) === true) continue
      const gap = headerGap(place)
      if (gap) report.undecided(gap, `whether ${place.name} passes the upgrade on`)
      else
        report.at(
          place.pass,
          'warning',
          `${place.name} passes no upgrade on; if this is ${product}, its WebSockets need it`,
          headerLines(subject, place),
        )
    }
  },
}

/** Applications that do not work without WebSockets, by the names their hosts and upstream groups usually have. */
const PRODUCTS =
  /portainer|home-?assistant|\bhass\b|grafana|jupyter(?:hub|lab)?|mattermost|novnc|guacamole|uptime-?kuma|code-?server|gotify|n8n|node-?red|proxmox|socket-?io|rancher|streamlit/i

const hostOf = ({ pass }: Place): string => /^https?:\/\/([^/:]+)/i.exec(pass.statement.args[0] ?? '')?.[1] ?? ''

/** Server blocks and backends whose sockets some location passes on. */
function passedOn({ sockets }: Subject): Map<Node, Set<string>> {
  const out = new Map<Node, Set<string>>()
  for (const place of sockets) out.set(place.server, (out.get(place.server) ?? new Set()).add(hostOf(place)))
  return out
}
