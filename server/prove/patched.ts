/** The configuration as it would be after a patch, without writing anything. Pure. */
import { configFromText, type NginxConfig, type Source } from '../nginx-config/contract.ts'
import { applyPatch } from './apply-patch.ts'

export type Patched = { ok: true; config: NginxConfig } | { ok: false; reason: string }

/** @param patch a unified diff whose names are relative to the configuration's folder or to `/`, as `analyze` and `fix`
 *  write them; `a/` and `b/` in front are understood. */
export function patchedConfig(config: NginxConfig, patch: string): Patched {
  const applied = applyPatch(patch, (name) => {
    const source = sourceNamed(config, name)
    return source && { path: source.file, text: source.text }
  })
  if (!applied.ok) return { ok: false, reason: `the patch does not apply: ${applied.reason}` }
  return reread(config, applied.files)
}

/** Reads the configuration again with some files' texts replaced. */
function reread(config: NginxConfig, texts: ReadonlyMap<string, string>): Patched {
  const top = [...new Set(config.root.children.map(({ anchor }) => anchor.source.file))]
  const folder = config.prefix === '/' ? '' : config.prefix
  // nginx -T prints the main file first; a folder of parts gets one that includes them.
  const main = top.length > 1 ? [[`${folder}/halfopen-parts.conf`, top.map(includeLine).join('')] as const] : []
  const ordered = [...config.sources.values()].toSorted((a, b) => rank(top, a) - rank(top, b))
  const files = ordered.map(({ file, text }) => [file, texts.get(file) ?? text] as const)
  const dump = [...main, ...files].map(([file, text]) => `# configuration file ${file}:\n${text}\n`).join('')
  const loaded = configFromText(dump, config.prefix)
  if (loaded.ok) return loaded
  const { file, line, message } = loaded.error
  return { ok: false, reason: `after the patch the configuration cannot be read: ${file}:${line}: ${message}` }
}

const includeLine = (file: string): string => `include "${file.replaceAll(/["\\]/g, String.raw`\$&`)}";\n`
const rank = (top: readonly string[], { file }: Source): number => (file === top[0] ? 0 : 1)

function sourceNamed({ prefix, sources }: NginxConfig, name: string): Source | null {
  const bare = name.replace(/^[ab]\//, '')
  const folder = prefix === '/' ? '' : prefix
  const meant = new Set([name, bare].flatMap((one) => [one, `/${one}`, `${folder}/${one}`]))
  for (const source of sources.values()) if (meant.has(source.real) || meant.has(source.file)) return source
  return null
}
