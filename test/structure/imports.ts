/** What a source file imports, read from its syntax tree (TypeScript 7 has no compiler API; Vite's parser does). */
import { dirname, posix } from 'node:path'
import { parseSync } from 'vite'

export interface Import {
  /** Repository path of the importing file, with `/`. */
  from: string
  /** Repository path when the specifier is relative, else the specifier as written. */
  target: string
  relative: boolean
  /** Nothing of it is left at run time. */
  typeOnly: boolean
  /** From 1. */
  line: number
}

/** Static and dynamic imports, re-exports, `import('…')` types, `require('…')`, `new URL('…', import.meta.url)`. */
export function importsOf(from: string, text: string): Import[] {
  const { module, program, errors } = parseSync(from, text)
  if (errors.length > 0) throw new Error(`${from}: ${errors[0]?.message}`)
  const found: Import[] = []
  const add = (specifier: string, typeOnly: boolean, start: number): void => {
    const relative = specifier.startsWith('.')
    const target = relative ? posix.join(dirname(from), specifier) : specifier
    found.push({ from, target, relative, typeOnly, line: text.slice(0, start).split('\n').length })
  }
  for (const { moduleRequest, entries, start } of module.staticImports) {
    add(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType), start)
  }
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType, start } of entries) if (moduleRequest) add(moduleRequest.value, isType, start)
  }
  visit(program, (node) => {
    if (node['type'] === 'ImportExpression') addLiteral(node['source'], false, node)
    if (node['type'] === 'TSImportType') addLiteral(node['source'] ?? node['argument'], true, node)
    if (node['type'] === 'CallExpression' && nameOf(node['callee']) === 'require') addLiteral(first(node), false, node)
    if (node['type'] === 'NewExpression' && nameOf(node['callee']) === 'URL') addLiteral(first(node), false, node)
  })
  return found

  function addLiteral(source: unknown, typeOnly: boolean, node: Node): void {
    if (!isNode(source)) return
    const value = isNode(source['literal']) ? source['literal']['value'] : source['value']
    if (typeof value !== 'string') return
    // `new URL` makes addresses and folders too; only a relative name with an extension is a file.
    if (node['type'] === 'NewExpression' && !/^\..*\.\w+$/.test(value)) return
    add(value, typeOnly, Number(node['start']))
  }
}

type Node = Record<string, unknown>

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null
}

const nameOf = (node: unknown): unknown => (isNode(node) ? node['name'] : undefined)
const first = (node: Node): unknown => (Array.isArray(node['arguments']) ? node['arguments'][0] : undefined)

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see)
  } else if (isNode(value)) {
    if (typeof value['type'] === 'string') see(value)
    for (const child of Object.values(value)) visit(child, see)
  }
}
