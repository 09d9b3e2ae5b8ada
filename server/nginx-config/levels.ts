/** Blocks around blocks. */
import type { Node } from './tree.ts'

/** First directive of that name directly in a block, includes counted in. */
export function child(node: Node, name: string): Node | null {
  return node.children.find(({ statement }) => statement.name === name) ?? null
}

/** The block and those around it, innermost first. */
export function levels(node: Node): Node[] {
  const out: Node[] = []
  for (let level: Node | null = node; level; level = level.parent) out.push(level)
  return out
}
