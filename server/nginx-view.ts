/** The nginx configuration the user named, as diagnosis and the readers need it. */
import { configView, loadConfig, logFormats } from './nginx-config/contract.ts'
import type { ConfigView } from './diagnosis/contract.ts'
import { HalfopenError } from './http/contract.ts'
import { optionProblem } from './scan/contract.ts'

export interface NginxView {
  view: ConfigView
  /** Texts of the log_formats in use that can be read; null when there are none. */
  logFormats: readonly string[] | null
}

/** Throws nginx-config-unreadable. */
export function readNginxConfig(path: string): NginxView {
  const loaded = loadConfig(path)
  if (!loaded.ok) {
    const { file, line, message } = loaded.error
    const place = line > 0 ? `${file}:${line}` : file
    throw new HalfopenError(
      'nginx-config-unreadable',
      `${place}: ${message}; name an nginx.conf or the output of: sudo nginx -T`,
    )
  }
  const { formats, access_logs } = logFormats(loaded.config)
  const used = new Set(access_logs.map(({ format }) => format))
  const texts = [...formats.values()]
    .filter(({ name }) => used.has(name))
    .map(({ escape, text }) => (escape === 'default' ? text : `escape=${escape} ${text}`))
    .filter((logFormat) => optionProblem({ format: null, logFormat, timezone: null }) === null)
  return { view: configView(loaded.config), logFormats: texts.length === 0 ? null : texts }
}
