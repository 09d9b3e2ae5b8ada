/** Blocks around blocks. */
import type { Node } from './tree.ts'

const NONE: readonly Node[] = []
/** http may hold thousands of servers, and every location asks it for every directive. */
const MANY = 32
const indexes = new WeakMap<Node, Map<string, Node[]>>()

/** Directives of that name directly in a block, includes counted in. The tree must be complete. */
export function childrenNamed(node: Node, name: string): readonly Node[] {
  const { children } = node
  if (children.length <= MANY) return children.filter(({ statement }) => statement.name === name)
  let index = indexes.get(node)
  if (!index) {
    index = new Map()
    for (const one of children) {
      const same = index.get(one.statement.name)
      if (same) same.push(one)
      else index.set(one.statement.name, [one])
    }
    indexes.set(node, index)
  }
  return index.get(name) ?? NONE
}

/** First directive of that name directly in a block, includes counted in. */
export function child(node: Node, name: string): Node | null {
  if (node.children.length > MANY) return childrenNamed(node, name)[0] ?? null
  return node.children.find(({ statement }) => statement.name === name) ?? null
}

/** The block and those around it, innermost first. */
export function levels(node: Node): Node[] {
  const out: Node[] = []
  for (let level: Node | null = node; level; level = level.parent) out.push(level)
  return out
}
