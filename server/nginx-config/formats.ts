/** Which log_format each access_log uses. */
import { descendants, httpNodes, lineOf, type LogFormatDefinition, type NginxConfig } from './tree.ts'

export interface AccessLogDefinition {
  /** As written: may be relative, hold variables, or be `syslog:…`. */
  path: string
  /** Name of its log_format; `combined` is built into nginx and not among the formats unless redefined. */
  format: string
  file: string
  line: number
}

export interface LogFormats {
  formats: ReadonlyMap<string, LogFormatDefinition>
  /** In the order of the configuration; `off` is left out. */
  access_logs: AccessLogDefinition[]
}

/** log_format definitions by name, and the access_log directives of http context. */
export function logFormats(config: NginxConfig): LogFormats {
  const formats = new Map<string, LogFormatDefinition>()
  const access_logs: AccessLogDefinition[] = []
  const http = config.kind === 'main' ? httpNodes(config) : config.root.children
  for (const { statement } of descendants(http)) {
    const { name, args, source } = statement
    if (name !== 'log_format' && name !== 'access_log') continue
    const place = { file: source.file, line: lineOf(statement) }
    const [first, second] = args
    if (name === 'log_format' && first !== undefined) {
      const escape = /^escape=(default|json|none)$/.exec(second ?? '')?.[1] as LogFormatDefinition['escape'] | undefined
      const text = args.slice(escape ? 2 : 1).join('')
      formats.set(first, { name: first, text, escape: escape ?? 'default', ...place })
    } else if (name !== 'log_format' && first !== undefined && first !== 'off') {
      access_logs.push({ path: first, format: second ?? 'combined', ...place })
    }
  }
  return { formats, access_logs }
}
