/** What `halfopen lint` says of the configured nginx, for the Config page. */
import { maskText } from '../parsers/masking.ts'
import { masked } from './config-page.ts'
import { HalfopenError } from './http/contract.ts'
import type { ConfigLint } from './http/wire.ts'
import type { NginxConfig } from './nginx-config/contract.ts'
import type { NginxFile } from './nginx-view.ts'

/** Findings in one answer; nobody reads more at once. */
const SHOWN = 300

/** By the configuration it is about: a large tree takes a while, and pages ask again and again. */
const known = new WeakMap<NginxConfig, ConfigLint>()

/** Rejects with no-nginx-config. */
export async function configLint(nginx: NginxFile | null): Promise<ConfigLint> {
  if (nginx === null) throw noConfig()
  const { loaded, view } = nginx
  const before = known.get(loaded)
  if (before) return before
  const { lintConfig } = await import('./lint/contract.ts')
  const { places, sockets, ignored, findings } = lintConfig(loaded, view.version)
  const lint: ConfigLint = {
    places,
    sockets,
    ignored,
    more: Math.max(0, findings.length - SHOWN),
    findings: findings.slice(0, SHOWN).map(({ rule, severity, title, message, file, line, text, fix, docs }) => ({
      rule,
      severity,
      title,
      message: maskText(message),
      file,
      line,
      text: masked(text),
      fix: fix === null ? null : maskText(fix),
      docs,
    })),
  }
  known.set(loaded, lint)
  return lint
}

export const noConfig = (): HalfopenError =>
  new HalfopenError('no-nginx-config', 'halfopen was not told of an nginx configuration.')
