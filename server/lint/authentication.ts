/** Authentication that nginx does itself. */
import { inherited, type Node } from '../nginx-config/contract.ts'
import type { Place } from './subject.ts'

/** The directive that asks for it at this place; null: none. */
export function authOf({ block }: Place): Node | null {
  const found = ['auth_request', 'auth_basic', 'auth_jwt']
    .map((name) => inherited(block, name))
    .find((line) => line && line.statement.args[0] !== 'off')
  return found ?? null
}
