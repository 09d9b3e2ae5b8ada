/** Authentication that nginx does itself. */
import { levels, type Node } from '../nginx-config/contract.ts'
import type { Place, Subject } from './subject.ts'

/** The directive that asks for it at this place; null: none. */
export function authOf({ setting }: Subject, { block }: Place): Node | null {
  for (const name of AUTHENTICATION) {
    const line = setting(block, name)
    if (line && line.statement.args[0] !== 'off') return line
  }
  return null
}

export const AUTHENTICATION = ['auth_request', 'auth_basic', 'auth_jwt']

/** The `allow` that lets visitors in unasked: with `satisfy any` an address that is allowed needs no session. Null: everybody
 *  is asked. `everyone`: the first rule is `allow all`, so nobody is.
 *  Source: ngx_http_core_access_phase, ngx_http_access_merge_loc_conf (the innermost level with a rule has all of them). */
export function unasked({ setting }: Subject, { block }: Place): { by: Node; everyone: boolean } | null {
  if (setting(block, 'satisfy')?.statement.args[0] !== 'any') return null
  const isRule = ({ statement: { name } }: Node): boolean => name === 'allow' || name === 'deny'
  const rules =
    levels(block)
      .find(({ children }) => children.some(isRule))
      ?.children.filter(isRule) ?? []
  const by = rules.find(({ statement }) => statement.name === 'allow')
  return by ? { by, everyone: by === rules[0] && by.statement.args[0] === 'all' } : null
}
