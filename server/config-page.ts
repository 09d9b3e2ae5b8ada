/** What the dashboard's Config page shows of the nginx configuration. */
import { maskText } from '../parsers/masking.ts'
import type { ConfigState, ServedBy, ServingBlock } from './http/wire.ts'
import type { NginxFile } from './nginx-view.ts'
import { shellWord } from './shell-word.ts'

/** Lines of a block that are shown. */
const SHOWN = 40
/** Characters of one line. */
const LONGEST_LINE = 500

export function configState(nginx: NginxFile | null): ConfigState {
  if (nginx === null) return { path: null, changed_at: null, notice: null, files: [], problems: [] }
  const { path, notice, view, files, problems } = nginx
  return {
    path,
    changed_at: view.changed_at === null ? null : new Date(view.changed_at).toISOString(),
    notice,
    files: files.map((file) => ({ path: file.path, lines: file.text.split('\n').length })),
    problems: problems.map(({ file, line, message }) => ({ file, line, message })),
  }
}

/** @param url `wss://host/path`; its scheme and query do not matter */
export function servedBy(nginx: NginxFile | null, url: URL): ServedBy {
  const server = url.hostname
  const path = url.pathname
  const found = nginx?.view.settings(server, path) ?? null
  const href = maskText(url.href)
  const asked = { url: href, command: `halfopen probe ${shellWord(href)}`, server, path }
  if (nginx === null || found === null) return { ...asked, block: null }
  const text = nginx.files.find((file) => file.path === found.file)?.text ?? ''
  return {
    ...asked,
    block: {
      context: found.context,
      file: found.file,
      line: found.line,
      proxy_pass: found.proxy_pass,
      proxy_http_version: found.proxy_http_version,
      proxy_read_timeout: found.proxy_read_timeout,
      proxy_send_timeout: found.proxy_send_timeout,
      set_headers: [...found.set_headers].map(([name, header]) => ({
        name,
        value: SECRET.test(name) ? '[masked]' : header.value,
        file: header.file,
        line: header.line,
      })),
      backend: found.backend?.url ?? null,
      text: blockText(text, found.line),
    },
  }
}

const SECRET = /authorization|password|passwd|secret|token|api[-_]?key|cookie/i
/** The directive and the first argument stay: they say what the line does. */
export const masked = (line: string): string =>
  SECRET.test(line) ? line.replace(/^(\s*\S+(?:\s+[\w-]+)?\s+).*?(;?\s*)$/, '$1[masked]$2') : maskText(line)

/** From the line that opens the block to the one that closes it. Braces in quotes and comments may end it early or late by
 *  some lines: it is only shown. */
function blockText(text: string, from: number): ServingBlock['text'] {
  const lines = text.split('\n').slice(from - 1, from - 1 + SHOWN)
  let depth = 0
  const shown: ServingBlock['text'] = []
  for (const [at, line] of lines.entries()) {
    shown.push({ line: from + at, text: masked(line.slice(0, LONGEST_LINE)) })
    const bare = line.replace(/#.*/, '')
    depth += bare.split('{').length - bare.split('}').length
    if (depth <= 0 && bare.includes('}')) break
  }
  return shown
}
