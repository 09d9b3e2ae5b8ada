/** limit_conn and limit_req of the block that serves sockets. Both inherit all or nothing (ngx_http_limit_conn_merge_conf,
 *  ngx_http_limit_req_merge_conf). */
import type { Directive } from '../diagnosis/contract.ts'
import { wordsText } from './edit.ts'
import { childrenNamed, levels } from './levels.ts'
import { httpNodes, parseFile, type NginxConfig, type Node, type Statement } from './tree.ts'

/** The zone that a limit_conn or limit_req counts in; null for any other directive. */
export function zoneOf({ name, args }: Statement): string | null {
  if (name === 'limit_conn') return args[0] ?? ''
  return name === 'limit_req' ? (args.find((arg) => arg.startsWith('zone='))?.slice(5) ?? '') : null
}

/** The lines of a kind that are in effect in a block, and where they stand. */
export function limitsIn(block: Node, name: string): { level: Node; lines: readonly Node[] } | null {
  const level = levels(block).find((one) => childrenNamed(one, name).length > 0)
  return level ? { level, lines: childrenNamed(level, name) } : null
}

/** The wanted limit as it has to be written. One that stands further out counts pages in the same zone: raised there it is
 *  raised for them, and raised here alone, open sockets take the pages' places. So sockets get a zone of their own, with
 *  the same key. Null when its zone is not defined in what was given. */
export function socketLimit(config: NginxConfig, block: Node, directive: Directive): Directive[] | null {
  const [wanted] = parseFile({ file: '', real: '', text: directive.text, encoding: 'utf8' }).statements
  const zone = wanted && zoneOf(wanted)
  if (!wanted || zone == null) return [directive]
  const found = limitsIn(block, wanted.name)
  // The zone comes from a log, maybe an old one: only what is in effect is changed, and only a plain name written.
  if (!/^[\w.-]+$/.test(zone) || !found?.lines.some(({ statement }) => zoneOf(statement) === zone)) return null
  if (found.level === block) return [directive]
  const defined = httpNodes(config).find(
    ({ statement: { name, args } }) =>
      name === `${wanted.name}_zone` && args.some((arg) => arg === `zone=${zone}` || arg.startsWith(`zone=${zone}:`)),
  )
  if (!defined) return null
  const own = `${zone}_sockets`
  const rename = (text: string): string => text.replace(`zone=${zone}`, `zone=${own}`)
  const kept = found.lines.filter(({ statement }) => zoneOf(statement) !== zone)
  const words = wordsText(wanted, wanted.name === 'limit_conn' ? 2 : 1)
  return [
    { context: 'http', text: `${wanted.name}_zone ${rename(wordsText(defined.statement, 1))};` },
    ...kept.map(({ statement }) => ({ ...directive, text: `${statement.name} ${wordsText(statement, 1)};` })),
    {
      ...directive,
      text: wanted.name === 'limit_conn' ? `limit_conn ${own} ${words};` : `limit_req ${rename(words)};`,
    },
  ]
}
