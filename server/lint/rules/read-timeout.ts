/** An idle socket is cut after proxy_read_timeout, 60 s by default; anything in either direction starts it anew.
 *  Heartbeats: Socket.IO 25 s, SignalR 15 s, Phoenix 30 s, Action Cable 3 s, Portainer and many others none. */
import { nginxSeconds } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { isComplete, isUpgrade, settingGap } from '../subject.ts'

/** The slowest heartbeat of the common libraries, and a little for the way. */
const HEARTBEAT = 30
const DAY = 86_400

export const readTimeout: Rule = {
  id: 'read-timeout',
  title: 'Idle sockets are cut too early, or never',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',
  check(subject, report) {
    const seen = new Set<unknown>()
    for (const place of subject.sockets) {
      const { block, headers, name, pass, sign } = place
      if (sign !== 'name' && headers.get('upgrade')?.some(isUpgrade) !== true) continue
      const set = subject.setting(block, 'proxy_read_timeout')
      if (set) {
        if (seen.has(set.statement)) continue
        seen.add(set.statement)
        const value = set.statement.args[0] ?? ''
        const seconds = nginxSeconds(value)
        if (seconds === 0)
          report.at(
            set,
            'error',
            `proxy_read_timeout 0 ends every request of ${name} at once`,
            'proxy_read_timeout 300s;',
          )
        else if (seconds !== null && seconds <= HEARTBEAT)
          report.at(
            set,
            'warning',
            `sockets of ${name} are cut after ${value} without traffic; common heartbeats come every 25 to 30 s`,
            'proxy_read_timeout 300s;',
          )
        else if (seconds !== null && seconds > DAY)
          report.at(
            set,
            'info',
            `sockets of ${name} whose client vanished stay open for ${value}`,
            'proxy_read_timeout 1h;',
          )
        continue
      }
      const gap = settingGap(place, 'proxy_read_timeout')
      if (gap) report.undecided(gap, `the idle timeout of ${name}`)
      else if (isComplete(subject))
        report.at(
          pass,
          'info',
          `sockets of ${name} are cut after 60 s without traffic, unless the application sends heartbeats more often`,
          'proxy_read_timeout 300s;',
        )
    }
  },
}
