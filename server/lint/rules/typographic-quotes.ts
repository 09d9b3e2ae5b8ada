/** Quotes of a word processor are ordinary characters to nginx, and are sent. */
import type { Rule } from '../rule.ts'

const QUOTES = /[\u2018\u2019\u201c\u201d\u201e\u201f\u00ab\u00bb]/

export const typographicQuotes: Rule = {
  id: 'typographic-quotes',
  title: 'Typographic quotes are part of the value',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  check({ all }, report) {
    for (const node of all) {
      const { name, args } = node.statement
      if (!name.startsWith('proxy_') && name !== 'map' && node.parent?.statement.name !== 'map') continue
      if (![name, ...args].some((word) => QUOTES.test(word))) continue
      const header = /^(?:upgrade|connection)$/i.test(args[0] ?? '')
      report.at(node, header ? 'error' : 'warning', 'typographic quotes are sent as they stand', 'write \' or "')
    }
  },
}
