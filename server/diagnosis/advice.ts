/** Snippets and commands that several fixes share. Hosts and paths come from logs, that is from anybody:
 *  in a command they appear only when they are plain names. */
import { knownSocket } from '../../parsers/known-sockets.ts'
import type { ConfigView, Directive, EffectiveProxy, Fix, Scope } from './contract.ts'

/** The value when it is safe to paste into a shell, else the placeholder. */
export function shellSafe(value: string | null, placeholder: string): string {
  return value !== null && /^[\w./:~-]{1,200}$/.test(value) && !value.startsWith('-') ? value : placeholder
}

export const host = (scope: Scope): string => shellSafe(scope.server, 'YOUR-HOST')
/** The path group; `:id` placeholders show that a real id belongs there. */
export const path = (scope: Scope): string => shellSafe(scope.path, '/YOUR-SOCKET-PATH')
export const upstream = (scope: Scope): string => shellSafe(scope.upstream, 'BACKEND:PORT')

/** Settings of the block that serves the scope's path; null without a config, a path or a certain answer. */
export const settingsOf = (scope: Scope, config: ConfigView | null): EffectiveProxy | null =>
  scope.path === null ? null : (config?.settings(scope.server, scope.path) ?? null)

/** Stands where only a configuration or the log lines know whether visitors use http or https (front-door.ts). */
export const SCHEME = 'SCHEME'

/** The test of RFC 6455 §4.1 by hand: a 101 is the success. With `settings` it goes to the real scheme, name and port,
 *  on this machine; without, the scheme is open, and --connect-to goes to this machine on the port of either. */
export function handshake(scope: Scope, through: 'nginx' | 'backend', settings: EffectiveProxy | null = null): string {
  const { options, url } = (settings && destination(scope, through, settings)) ?? unknown(scope, through)
  return (
    `curl --http1.1 -isN${options} -H 'Connection: Upgrade' -H 'Upgrade: websocket' ` +
    `-H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==' ${requestable(url)} | head -1`
  )
}

function unknown(scope: Scope, through: 'nginx' | 'backend'): { options: string; url: string } {
  if (through === 'backend')
    return { options: ` --max-time 5 -H 'Host: ${host(scope)}'`, url: `http://${upstream(scope)}${path(scope)}` }
  const name = HOST_NAME.test(scope.server ?? '') ? host(scope) : 'YOUR-HOST'
  return { options: `k --max-time 5 --connect-to ${name}::127.0.0.1:`, url: `${SCHEME}://${name}${path(scope)}` }
}

/** What curl is told of the target, after `-isN`. A certificate rarely names the way round through 127.0.0.1. */
function destination(
  scope: Scope,
  through: 'nginx' | 'backend',
  settings: EffectiveProxy,
): { options: string; url: string } | null {
  if (through === 'backend') {
    const url = settings.backend && shellSafe(settings.backend.url, '')
    if (!url) return null
    // The backend is told the public name, as nginx does when Host is passed on.
    return {
      options: `${url.startsWith('https:') ? 'k' : ''} --max-time 5 -H 'Host: ${publicHost(scope, settings) ?? host(scope)}'`,
      url,
    }
  }
  if (settings.public === null) return null
  const { scheme, port } = settings.public
  const name = publicHost(scope, settings)
  const authority = `${name ?? '127.0.0.1'}${port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`}`
  const resolve = name === null ? '' : ` --resolve ${name}:${port}:127.0.0.1`
  return {
    options: `${scheme === 'https' ? 'k' : ''} --max-time 5${resolve}`,
    url: `${scheme}://${authority}${path(scope)}`,
  }
}

const HOST_NAME = /^[a-z\d](?:[a-z\d.-]{0,250}[a-z\d])?$/i

/** The name visitors use: the one in the log unless it is a pattern of server_name, then the config's own. */
function publicHost(scope: Scope, settings: EffectiveProxy): string | null {
  const names = [scope.server?.replace(/:\d+$/, ''), settings.public?.host]
  return names.find((name) => name != null && HOST_NAME.test(name)) ?? null
}

/** A URL as curl needs it: a word in place of the id that was taken out, and the parameters without which
 *  Engine.IO answers 400. Source: engine.io-protocol, `EIO` and `transport`. */
function requestable(url: string): string {
  const whole = url.replace(/(?<=\/):id(?=\/|$)/g, 'ID')
  return /\/(?:socket|engine)\.io\/?$/.test(whole) ? `'${whole}?EIO=4&transport=websocket'` : whole
}

/** These look at the login before the upgrade: refused without one, whether the headers arrive or not. */
const LOGIN_FIRST = new Set(['Portainer', 'Jupyter', 'Grafana'])

/** Remarks below a handshake through nginx: which answer is the good one. */
export function expected(scope: Scope): string[] {
  const product = scope.path === null ? undefined : knownSocket(scope.path)?.product
  const login = product !== undefined && LOGIN_FIRST.has(product)
  return [
    '# expected: HTTP/1.1 101 Switching Protocols',
    ...(login
      ? [
          `# 401 or 403: ${product} wants a login first, so this does not tell. Open its page, or add -H 'Cookie: …' of it`,
        ]
      : []),
  ]
}

export const TEST_AND_RELOAD = 'sudo nginx -t && sudo systemctl reload nginx'
/** Dated, and taken only once a day: a second try must not put the changed files over the good ones. */
export function prepare(config: ConfigView | null): string[] {
  const { folder, copy } = backup(config)
  return [`test -e ${copy} || sudo cp -a ${folder} ${copy}`]
}

/** Puts the copy of `prepare` back. -T: into the folder, not below it. */
export function rollBack(config: ConfigView | null): string[] {
  const { folder, copy } = backup(config)
  return [
    `sudo cp -aT ${copy} ${folder}`,
    TEST_AND_RELOAD,
    '# on a later day write the date of the copy in place of $(date +%F)',
  ]
}

/** For a patch of one file: its copy alone, outside of everything nginx includes. */
export function backedUp(fix: Fix): Fix {
  const { patch, target, prepare: before } = fix
  if (before.length === 0 || patch === null || target === null || patch.match(/^\+\+\+ /gm)?.length !== 1) return fix
  if (!/^\/[\w./-]+$/.test(target.file)) return fix
  const copy = `~/${target.file.slice(target.file.lastIndexOf('/') + 1)}.$(date +%F)`
  return {
    ...fix,
    // Once a day: a second try must not put the changed file over the good one.
    prepare: [`test -e ${copy} || sudo cp -pL ${target.file} ${copy}`],
    // Into the file that is there, so that a link stays a link, and owner and mode what they are.
    rollback: [
      `sudo cp ${copy} ${target.file}`,
      TEST_AND_RELOAD,
      '# on a later day write the date of the copy in place of $(date +%F)',
    ],
  }
}

function backup(config: ConfigView | null): { folder: string; copy: string } {
  const path = config?.folder ?? '/etc/nginx'
  const folder = /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
  return { folder, copy: `${folder}.bak-$(date +%F)` }
}

/** Directives that nginx refuses twice in one block ("directive is duplicate"). */
const ONCE =
  /^\s*(proxy_(?:read_timeout|send_timeout|http_version|pass|buffer_size|buffers|busy_buffers_size)|resolver|worker_\w+)\s/

/** A comment to stand above lines of one block, when one of them may be there already; null when all may come again. */
export function replaceRemark(lines: readonly string[]): string | null {
  const names = lines.map((line) => ONCE.exec(line)?.[1]).filter((name) => name !== undefined)
  return names.length === 0 ? null : `# replace the line if it is there already: ${names.join(', ')}`
}

/** `location /ws {` … as a snippet with one block per context, in the order given. */
export function snippet(directives: readonly Directive[]): string {
  const blocks = new Map<string, string[]>()
  for (const { context, text } of directives) blocks.set(context, [...(blocks.get(context) ?? []), text])
  return [...blocks]
    .map(([context, lines]) => [`# ${context}`, replaceRemark(lines), ...lines].filter((line) => line !== null))
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

/** The context to name when the configuration is not known. */
export const servingLocation = (scope: Scope): string =>
  scope.path === null ? 'location that serves the socket' : `location that serves ${scope.path}`

export function fixOf(fix: Partial<Fix> & Pick<Fix, 'layer' | 'summary'>): Fix {
  return { directives: [], snippet: null, patch: null, target: null, prepare: [], verify: [], rollback: [], ...fix }
}
