/** The nginx configuration the user named, as diagnosis and the readers need it, and as it is now: it is repaired while
 *  halfopen runs, and what is said about the old one would be false. */
import { statSync, type Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { configView, loadConfig, logFormats, type ConfigProblem, type NginxConfig } from './nginx-config/contract.ts'
import type { ConfigView } from './diagnosis/contract.ts'
import { HalfopenError } from './http/contract.ts'
import { optionProblem } from './scan/contract.ts'

/** Every so many looks all files are read whatever their dates say: a pattern may reach a folder nothing is loaded from. */
const READ_EVERY = 30
/** A file that changed so short ago may change again without its date and size telling, ms. */
const JUST_NOW = 3_000

export class NginxFile {
  readonly path: string
  private config: NginxConfig
  private looks = 0
  /** Files and folders the configuration depends on. */
  private depends: readonly string[] = []
  /** State of those when they were read. */
  private stamp = ''
  private text = ''
  view: ConfigView
  /** Texts of the log_formats in use that can be read; null when there are none. */
  logFormats: readonly string[] | null
  /** Why what is on disk now cannot be used; null when it can. */
  notice: string | null = null

  /** Throws nginx-config-unreadable. */
  constructor(path: string) {
    this.path = resolve(path)
    const loaded = loadConfig(this.path)
    if (!loaded.ok)
      throw new HalfopenError(
        'nginx-config-unreadable',
        `${placed(loaded.error)}; name an nginx.conf or the output of: sudo nginx -T`,
      )
    this.config = loaded.config
    this.view = configView(loaded.config)
    this.logFormats = formatsOf(loaded.config)
    this.remember(loaded.config)
  }

  /** The files as they were read last, in the order nginx reads them, and what is missing or wrong in them. */
  get files(): { path: string; text: string }[] {
    return [...this.config.sources].map(([path, { text }]) => ({ path, text }))
  }

  /** As it was read last. */
  get loaded(): NginxConfig {
    return this.config
  }

  get problems(): readonly ConfigProblem[] {
    return this.config.problems
  }

  /** Reads again what changed on disk. True when it says something else now. What cannot be read leaves the last good one
   *  in place and says so in `notice`. */
  refresh(): boolean {
    const stamp = stampOf(this.depends)
    if (stamp === this.stamp && ++this.looks % READ_EVERY !== 0) return false
    const loaded = loadConfig(this.path)
    if (!loaded.ok) {
      this.notice = `${placed(loaded.error)}; halfopen goes on with the nginx configuration it read before`
      this.stamp = stamp
      return false
    }
    this.notice = null
    const before = this.text
    this.remember(loaded.config)
    this.config = loaded.config
    if (this.text === before) return false
    this.view = configView(loaded.config)
    this.logFormats = formatsOf(loaded.config)
    return true
  }

  private remember(config: NginxConfig): void {
    this.depends = dependsOn(this.path, config)
    this.stamp = stampOf(this.depends)
    this.text = JSON.stringify([...config.sources].map(([path, { text }]) => [path, text]))
  }
}

/** The files themselves, and the folders of include patterns: a file that appears or goes changes the folder's date. */
function dependsOn(path: string, config: NginxConfig): string[] {
  const found = new Set([path, ...config.sources.keys()])
  for (const { text } of config.sources.values())
    // A comment that looks like an include costs one stat.
    for (const [, quoted, plain] of text.matchAll(/(?<![\w$])include\s+(?:["']([^"'\n]+)["']|([^\s;"']+))/g)) {
      const pattern = resolve(config.prefix, quoted ?? plain ?? '')
      const special = pattern.search(/[*?[]/)
      found.add(special === -1 ? pattern : dirname(`${pattern.slice(0, special)}x`))
    }
  return [...found]
}

function stampOf(paths: readonly string[]): string {
  const now = Date.now()
  return paths
    .map((path) => {
      const found = stat(path)
      if (found === null) return 'none'
      const recent = Math.abs(now - found.mtimeMs) < JUST_NOW ? ` looked at ${now}` : ''
      return `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}${recent}`
    })
    .join('\n')
}

function stat(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    // No permission, a loop of links: as good as absent until that changes.
    return null
  }
}

function formatsOf(config: NginxConfig): readonly string[] | null {
  const { formats, access_logs } = logFormats(config)
  const used = new Set(access_logs.map(({ format }) => format))
  const texts = [...formats.values()]
    .filter(({ name }) => used.has(name))
    .map(({ escape, text }) => (escape === 'default' ? text : `escape=${escape} ${text}`))
    .filter((logFormat) => optionProblem({ format: null, logFormat, timezone: null }) === null)
  return texts.length === 0 ? null : texts
}

const placed = ({ file, line, message }: ConfigProblem): string => `${line > 0 ? `${file}:${line}` : file}: ${message}`
