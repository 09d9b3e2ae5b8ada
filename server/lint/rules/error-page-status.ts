/** `error_page 418 @ws` (without `=`) keeps status 418, for a backend's 101 too: the handshake fails.
 *  Source: ngx_http_send_error_page, ngx_http_send_header (err_status). */
import type { Node } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { isUpgrade } from '../subject.ts'

export const errorPageStatus: Rule = {
  id: 'error-page-status',
  title: 'error_page leads to a socket and keeps the error status',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page',
  check({ sockets, named }, report) {
    const pages = named('error_page')
    if (pages.length === 0) return
    const targets = new Map<Node, Set<string>>()
    for (const { server, block, headers } of sockets) {
      const target = block.statement.args.join('')
      if (target.startsWith('@') && headers.get('upgrade')?.some(isUpgrade) === true)
        targets.set(server, (targets.get(server) ?? new Set()).add(target))
    }
    for (const page of pages) {
      const { args } = page.statement
      const target = args.at(-1) ?? ''
      if (args.includes('=')) continue
      for (let around = page.parent; around; around = around.parent)
        // 404 and 5xx fallbacks are for pages; these codes exist only to jump.
        if (targets.get(around)?.has(target) === true && args.some((arg) => /^(?:418|419|42[0-9])$/.test(arg)))
          report.at(
            page,
            'error',
            `the browser gets ${args[0]} instead of 101 from ${target}`,
            `error_page ${args[0]} = ${target};`,
          )
    }
  },
}
