/** The configurations that lint is given. */
import { readFileSync, statSync } from 'node:fs'
import { configFromText, loadConfig, type Loaded, type NginxConfig } from '../nginx-config/contract.ts'
import { processEnvironment } from '../scan/contract.ts'
import { complain, UsageError } from './command.ts'

/** Where nginx keeps its configuration when nobody says otherwise. */
const USUAL = [
  '/etc/nginx',
  '/usr/local/etc/nginx',
  '/opt/homebrew/etc/nginx',
  '/usr/local/nginx/conf',
  '/config/nginx',
]
const MAX_BYTES = 64 * 1024 * 1024

/** Loads each; what cannot be read is told on stderr, one line each, and makes `failed` true.
 *  None given: standard input when something is piped in, else the usual places. Throws UsageError when there is nothing. */
export function readConfigs(paths: readonly string[]): { configs: NginxConfig[]; failed: boolean } {
  const configs: NginxConfig[] = []
  let failed = false
  for (const path of paths.length > 0 ? paths : [usual()]) {
    const loaded: Loaded = path === '-' ? fromStdin() : loadConfig(path)
    if (loaded.ok) configs.push(loaded.config)
    else {
      failed = true
      const { file, line, column, message } = loaded.error
      complain(
        `${line > 0 ? `${file}:${line}:${column}` : file}: ${message}; give an nginx.conf, its folder, or the output of: sudo nginx -T`,
      )
    }
  }
  return { configs, failed }
}

function usual(): string {
  if (processEnvironment().stdinPiped) return '-'
  const found = USUAL.find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory())
  if (found === undefined) throw new UsageError(`no configuration given, and none at ${USUAL.join(', ')}; name one`)
  return found
}

function fromStdin(): Loaded {
  const bytes = readFileSync(0)
  if (bytes.length > MAX_BYTES)
    throw new UsageError(`standard input is larger than ${MAX_BYTES / 1024 / 1024} MB; give a file`)
  // An empty pipe is a command that failed, and must not pass a check.
  if (bytes.length === 0)
    throw new UsageError('stdin: nothing came; was it "sudo nginx -T"? See what that says by itself')
  return configFromText(bytes.toString('utf8'), 'stdin')
}
