/** Authentication that nginx does itself. */
import type { Node } from '../nginx-config/contract.ts'
import type { Place, Subject } from './subject.ts'

/** The directive that asks for it at this place; null: none. */
export function authOf({ setting }: Subject, { block }: Place): Node | null {
  for (const name of NAMES) {
    const line = setting(block, name)
    if (line && line.statement.args[0] !== 'off') return line
  }
  return null
}

const NAMES = ['auth_request', 'auth_basic', 'auth_jwt']
