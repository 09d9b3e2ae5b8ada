/** `error_page 418 @ws` (without `=`) keeps status 418, for a backend's 101 too: the handshake fails.
 *  Source: ngx_http_send_error_page, ngx_http_send_header (err_status). */
import { descendants } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { isUpgrade } from '../subject.ts'

export const errorPageStatus: Rule = {
  id: 'error-page-status',
  title: 'error_page leads to a socket and keeps the error status',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page',
  check({ sockets }, report) {
    for (const { server, block, headers } of sockets) {
      const target = block.statement.args.join('')
      if (!target.startsWith('@') || headers.get('upgrade')?.some(isUpgrade) !== true) continue
      for (const page of descendants(server.children)) {
        const { name, args } = page.statement
        if (name !== 'error_page' || args.at(-1) !== target || args.includes('=')) continue
        // 404 and 5xx fallbacks are for pages; these codes exist only to jump.
        if (args.some((arg) => /^(?:418|419|42[0-9])$/.test(arg)))
          report.at(
            page,
            'error',
            `the browser gets ${args[0]} instead of 101 from ${target}`,
            `error_page ${args[0]} = ${target};`,
          )
      }
    }
  },
}
