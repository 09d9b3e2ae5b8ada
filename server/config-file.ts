/** halfopen.yaml as text: values, and where in the file each of them stands. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { ConfigError } from './config-errors.ts'
import { kindOf } from './tail/contract.ts'

export type KeyPath = readonly (string | number)[]

export interface ConfigFile {
  /** Plain values; keys without a value are left out, paths are absolute. */
  values: Record<string, unknown>
  has(at: KeyPath): boolean
  /** `halfopen.yaml:3:5: `, or nothing when the file does not have it. */
  placeOf(at: KeyPath): string
  placeOfKey(at: KeyPath): string
}

/** Hundreds of times what a long configuration takes. */
const MAX_BYTES = 2 ** 20

/** Throws ConfigError when the file cannot be read or is not YAML. */
export function readConfigFile(path: string): ConfigFile {
  const text = readText(path)
  try {
    return fromText(path, text)
  } catch (error) {
    // What the yaml package throws for aliases that multiply or lead nowhere, and the engine for endless nesting or
    // an alias of what it stands in.
    const isAlias = error instanceof ReferenceError
    if (!isAlias && !(error instanceof RangeError)) throw error
    const what = isAlias ? 'an alias (*name) has no anchor, or too many repeat each other' : 'nested too deeply'
    throw new ConfigError(`${path}: ${what}; expected lines such as "listen: 127.0.0.1:11006"`)
  }
}

function fromText(path: string, text: string): ConfigFile {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  const place = (offset: number | undefined): string => {
    if (offset === undefined) return ''
    const { line, col } = counter.linePos(offset)
    return `${basename(path)}:${line}:${col}: `
  }
  const error = document.errors[0]
  if (error) {
    // Only the first words: the rest may quote the file, and the file may hold secrets.
    const reason = (error.message.split(/[\n:]/)[0] ?? '').trim()
    throw new ConfigError(
      `${place(error.pos[0])}not valid YAML (${reason}); expected lines such as "listen: 127.0.0.1:11006"`,
    )
  }
  const root: unknown = document.toJS() ?? {}
  if (!isObject(root) || Array.isArray(root))
    throw new ConfigError(`${place(0)}not a list of settings; expected lines such as "listen: 127.0.0.1:11006"`)
  // `max_size:` with nothing behind it is not set; `max_size: null` is meant to say something, and has to mean it.
  const isWritten = (at: KeyPath): boolean => {
    const node: unknown = document.getIn(at, true)
    return isScalar(node) && node.source !== undefined && node.source !== ''
  }
  const values = withoutNulls(root, [], isWritten)
  makeAbsolute(values, dirname(path))

  const offset = (at: KeyPath, key: boolean): number | undefined => {
    const parent: unknown = at.length <= 1 ? document.contents : document.getIn(at.slice(0, -1), true)
    const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === at.at(-1)) : null
    const node = key ? pair?.key : (pair?.value ?? document.getIn(at, true))
    return isNode(node) ? node.range?.[0] : undefined
  }
  return {
    values,
    has: (at) => document.hasIn(at),
    placeOf: (at) => place(offset(at, false)),
    placeOfKey: (at) => place(offset(at, true)),
  }
}

function readText(path: string): string {
  let file: number | null = null
  const unusable = (what: string): ConfigError =>
    new ConfigError(`${path}: ${what}; name the configuration with --config-file or HALFOPEN_CONFIG_FILE`)
  try {
    // Without O_NONBLOCK a pipe would be waited for without end; a device such as /dev/zero has none.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = fstatSync(file)
    if (found.isDirectory()) throw unusable('a directory')
    if (!found.isFile()) throw unusable('not a regular file')
    if (found.size > MAX_BYTES) throw unusable(`larger than ${MAX_BYTES / 2 ** 20} MB`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const { code } = error as NodeJS.ErrnoException
    const known: Record<string, string> = {
      ENOENT: 'no such file',
      EACCES: 'permission denied',
      ENXIO: 'not a regular file',
    }
    throw unusable(known[code ?? ''] ?? `cannot be read (${code})`)
  } finally {
    if (file !== null) closeSync(file)
  }
}

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** A key without a value (all of its lines commented out) is as good as absent. */
function withoutNulls(value: object, at: KeyPath, isWritten: (at: KeyPath) => boolean): Record<string, unknown> {
  const kept = Object.entries(value).filter(
    ([key, member]) => member !== undefined && (member !== null || isWritten([...at, key])),
  )
  return Object.fromEntries(
    kept.map(([key, member]) => [
      key,
      isObject(member) && !Array.isArray(member) ? withoutNulls(member, [...at, key], isWritten) : member,
    ]),
  )
}

/** Paths in the file are relative to the file, so that a service finds them whatever its working directory is. */
function makeAbsolute(values: Record<string, unknown>, base: string): void {
  const absolute = (value: unknown): unknown =>
    typeof value === 'string' && value !== '' ? resolve(base, value) : value
  const { database, auth, sources } = values
  if ('nginx_config' in values) values['nginx_config'] = absolute(values['nginx_config'])
  if (typeof database === 'string' && /^sqlite:./.test(database))
    values['database'] = `sqlite:${resolve(base, database.slice(7))}`
  if (isObject(auth) && 'password_file' in auth) auth.password_file = absolute(auth.password_file)
  const named = (name: unknown): unknown => (typeof name === 'string' && kindOf(name) ? name : absolute(name))
  const source = (entry: unknown): unknown =>
    isObject(entry) && 'path' in entry ? { ...entry, path: named(entry.path) } : named(entry)
  if (sources !== undefined) values['sources'] = Array.isArray(sources) ? sources.map(source) : source(sources)
}
