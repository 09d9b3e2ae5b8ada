/** `Connection "upgrade"` where ordinary requests come too: they carry it without an Upgrade, and keepalive to the backend ends. */
import type { Rule } from '../rule.ts'
import { valueOf } from '../subject.ts'
import { connectionLine } from '../upgrade-lines.ts'

export const connectionHardCoded: Rule = {
  id: 'connection-hard-coded',
  title: 'Connection "upgrade" is fixed where ordinary requests come too',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/websocket.html',
  check(subject, report) {
    const seen = new Set<unknown>()
    for (const { headers, name, sign } of subject.sockets) {
      // A location for the socket alone has no ordinary requests.
      if (sign === 'name') continue
      const line = headers.get('connection')?.find((one) => /^"?upgrade"?$/i.test(valueOf(one)))
      if (!line || seen.has(line.statement)) continue
      seen.add(line.statement)
      report.at(
        line,
        'warning',
        `${name} also serves ordinary requests, which then say "Connection: upgrade" too`,
        connectionLine(subject),
      )
    }
  },
}
