/** nginx takes the last map of a variable and says nothing. */
import { lineOf, type Node } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

export const mapDefinedTwice: Rule = {
  id: 'map-defined-twice',
  title: 'Two maps define one variable',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_map_module.html#map',
  check({ maps }, report) {
    for (const [name, nodes] of maps) {
      const last = nodes.at(-1)
      const [first] = nodes
      if (!first || !last || first === last) continue
      const equal = nodes.every((node) => textOf(node) === textOf(last))
      const { source } = first.statement
      report.at(
        last,
        equal ? 'info' : 'warning',
        `$${name} is defined at ${source.file}:${lineOf(first.statement)} already; this one counts`,
        'keep one of them',
      )
    }
  },
}

const textOf = ({ statement, children }: Node): string =>
  JSON.stringify([statement.args, children.map((line) => [line.statement.name, line.statement.args])])
