/** Maps that make a Connection header of the client's Upgrade. */
import type { Node } from '../nginx-config/contract.ts'

/** `map $http_upgrade $name`. */
export const isUpgradeMap = ({ statement: { name, args } }: Node): boolean =>
  name === 'map' && args[0] === '$http_upgrade' && args.length === 2

/** What the map gives for a key: `websocket`, or '' for a request without Upgrade; '' when no line fits. */
export function mapped(map: Node, key: string): string {
  const line =
    map.children.find(({ statement }) => statement.name.toLowerCase() === key && !SPECIAL.has(key)) ??
    map.children.find(({ statement }) => statement.name === 'default')
  return line?.statement.args[0] ?? ''
}

const SPECIAL = new Set(['default', 'hostnames', 'volatile'])
