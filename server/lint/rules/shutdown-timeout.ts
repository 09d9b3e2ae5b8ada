/** A reload leaves sockets to the old worker until they end; worker_shutdown_timeout cuts them, all at once and unlogged. */
import { child, nginxSeconds } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

export const shutdownTimeout: Rule = {
  id: 'shutdown-timeout',
  title: 'Every reload cuts the open sockets',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/ngx_core_module.html#worker_shutdown_timeout',
  check({ config, sockets }, report) {
    const line = child(config.root, 'worker_shutdown_timeout')
    const seconds = nginxSeconds(line?.statement.args[0] ?? '')
    if (!line || seconds === null || sockets.length === 0 || seconds >= 3600) return
    report.at(
      line,
      seconds < 60 ? 'warning' : 'info',
      `${line.statement.args[0]} after each reload all open sockets are cut together, without a line in the log`,
      'worker_shutdown_timeout 1h;',
    )
  },
}
