/** A location named for a socket passes neither header on: nginx removes Upgrade and sends `Connection: close`. */
import type { Rule } from '../rule.ts'
import { headerGap, isComplete } from '../subject.ts'
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
  },
}
