/** When `nginx -t` refuses the copy for a reason that is this machine's and not the configuration's: what to change for the
 *  next attempt. */
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { lineOf, type NginxConfig } from '../nginx-config/contract.ts'
import { OPTIONAL_DIRECTIVES } from './directives.ts'
import type { Program } from './nginx.ts'
import { isPart, type Plan, type PlanOptions } from './planned.ts'
import type { TestedPath } from './tested-path.ts'

interface Refused {
  config: NginxConfig
  made: Plan
  tested: TestedPath
  options: PlanOptions
  program: Program
}

/** Null: nginx refuses for a reason of the user's. */
export function whatElse(output: string, refused: Refused): Partial<PlanOptions> | null {
  return assumeVariable(output, refused) ?? withoutUnknown(output, refused) ?? withoutModules(refused)
}

/** A variable that a file which was not given may define: a site's file without the map of nginx.conf. */
function assumeVariable(output: string, { config, options: { assumed } }: Refused): Partial<PlanOptions> | null {
  const name = /unknown "(\w+)" variable/.exec(output)?.[1]
  return name === undefined || !isPart(config) || assumed.has(name) ? null : { assumed: new Set([...assumed, name]) }
}

/** An unknown directive that belongs to a module or another version: load the module when the path needs it and the
 *  distribution has it, else go on without the directive. */
function withoutUnknown(output: string, refused: Refused): Partial<PlanOptions> | null {
  const { options } = refused
  const [, name = '', line] = /unknown directive "([^"]+)" in \S+:(\d+)/.exec(output) ?? []
  if (name === '' || !OPTIONAL_DIRECTIVES.test(name) || options.unknown.has(name)) return null
  const module = onTestedPath(refused, Number(line)) ? moduleOf(name, refused) : null
  return module === null ? { unknown: new Set([...options.unknown, name]) } : { modules: [...options.modules, module] }
}

/** A module may want another one before it, or a database that only root may read: a real nginx starts with it, and that
 *  this one does not says nothing about the configuration. Without them their directives are unknown, and left out. */
function withoutModules({ options: { modules, unfit } }: Refused): Partial<PlanOptions> | null {
  return modules.length === 0 ? null : { modules: [], unfit: new Set([...unfit, ...modules]) }
}

function onTestedPath({ made, tested: { blocks, auth } }: Refused, line: number): boolean {
  const origin = made.origins[line - 1]
  return [...blocks, ...auth].some((block) =>
    block.children.some(({ statement }) => statement.source.file === origin?.file && lineOf(statement) === origin.line),
  )
}

/** Modules that run code, and those that only they need; ModSecurity's rules may run scripts (`exec`) and fetch others. */
const RUNS_CODE = /lua|js|perl|ndk|mruby|python|php|wasm|passenger|modsecurity/

/** The module with the directive, by one of the config's own load_module lines, where the distribution's folder has the
 *  file: no other place is loaded from, and nothing that runs code. */
function moduleOf(directive: string, { config, options, program: { modules: folder } }: Refused): string | null {
  if (folder === null) return null
  const [part = ''] = directive.split('_')
  for (const { statement } of config.root.children) {
    if (statement.name !== 'load_module') continue
    const name = basename(statement.args[0] ?? '')
    const file = join(folder, name)
    const isIts = /^[\w.-]+\.so$/.test(name) && name.includes(part) && !RUNS_CODE.test(name)
    // What was tried and does not know the directive is another module of a similar name.
    if (isIts && !options.modules.includes(file) && !options.unfit.has(file) && isFile(file)) return file
  }
  return null
}

/** A pipe would let nginx wait for ever. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
