/** A socket takes two connections of a worker: the client's and the backend's. 512 is the default. */
import { child } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { firstGap } from '../subject.ts'

const FEW = 1024

export const workerConnections: Rule = {
  id: 'worker-connections',
  title: 'Few connections for sockets that stay open',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/ngx_core_module.html#worker_connections',
  check({ config, sockets }, report) {
    const events = child(config.root, 'events')
    if (sockets.length === 0 || !events || firstGap([events])) return
    const line = child(events, 'worker_connections')
    const most = line ? Number(line.statement.args[0]) : 512
    if (most < FEW)
      report.at(
        line ?? events,
        'info',
        `a worker carries at most ${Math.floor(most / 2)} sockets: each takes two of ${most} connections`,
        'worker_connections 4096;',
      )
    const files = child(config.root, 'worker_rlimit_nofile')
    if (files && Number(files.statement.args[0]) < most)
      report.at(
        files,
        'warning',
        `${files.statement.args[0]} open files are fewer than the ${most} connections`,
        `worker_rlimit_nofile ${most * 2};`,
      )
  },
}
