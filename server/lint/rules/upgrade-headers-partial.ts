/** One of the two headers is there and the other is not; the backend needs both. */
import type { Rule } from '../rule.ts'
import { headerGap, isUpgrade, valueOf } from '../subject.ts'
import { headerLines } from '../upgrade-lines.ts'

export const upgradeHeadersPartial: Rule = {
  id: 'upgrade-headers-partial',
  title: 'Only one of Upgrade and Connection is passed on',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/websocket.html',
  check(subject, report) {
    for (const place of subject.sockets) {
      const upgrade = place.headers.get('upgrade')?.find(isUpgrade)
      const connection = place.headers.get('connection')?.[0]
      const half =
        upgrade && !connection ? upgrade : !upgrade && connection && asks(valueOf(connection)) ? connection : null
      if (!half || (half === connection && place.hidden)) continue
      const missing = half === upgrade ? 'Connection' : 'Upgrade'
      const gap = headerGap(place)
      if (gap) report.undecided(gap, `whether ${place.name} passes ${missing} on`)
      else
        report.at(
          half,
          'error',
          `${place.name} sets ${missing === 'Upgrade' ? 'Connection' : 'Upgrade'} but not ${missing}: the backend does not upgrade`,
          headerLines(subject, place),
        )
    }
  },
}

const asks = (value: string): boolean => /upgrade/i.test(value)
