/** What diagnosis may ask about a configuration. */
import type { ConfigView } from '../diagnosis/contract.ts'
import { backendLine } from './backend-line.ts'
import { effectiveProxy, inherited } from './effective.ts'
import { childrenNamed, levels } from './levels.ts'
import { patchFor } from './patch.ts'
import { nginxSeconds } from './nginx-time.ts'
import { repairFor } from './repair.ts'
import { serve } from './serve.ts'
import { tlsName } from './tls-name.ts'
import { descendants, httpNodes, lineOf, type NginxConfig } from './tree.ts'

/** `version` is the nginx version when a log or the user told it, such as `1.22.1`: the config does not say.
 *  `settings` and `patch` follow nginx's own choice of server and location; both are null where the config does
 *  not serve the request or the choice is not certain. */
export function configView(config: NginxConfig, version: string | null = null): ConfigView {
  return {
    version,
    folder: config.folder,
    main: mainFile(config),
    installation: installationOf(config),
    changed_at: config.changed_at,
    shutdown_timeout: shutdownTimeout(config),
    settings(server, path) {
      const served = serve(config, server, path)
      return served && effectiveProxy(config, served)
    },
    patch(server, path, directives) {
      if (path === null) return patchFor(config, null, directives, version)
      const served = serve(config, server, path)
      return served && patchFor(config, served, directives, version)
    },
    repair: (kind, server, path) => repairFor(config, kind, server, path, version),
    whole: config.kind === 'main',
    get name_servers() {
      return nameServers(config)
    },
    args(server, path, name) {
      if (path === null) return topArgs(config, name)
      const block = serve(config, server, path)?.block
      const level = block && levels(block).find((one) => childrenNamed(one, name).length > 0)
      return level ? childrenNamed(level, name).map(({ statement }) => statement.args) : []
    },
    where(server, path, name) {
      const served = serve(config, server, path)
      const found = served && inherited(served.block, name)
      return found && { file: found.statement.source.file, line: lineOf(found.statement) }
    },
    backend_line(server, path, address) {
      return backendLine(config, path === null ? null : serve(config, server, path), address)
    },
    tls_name(server, path) {
      const served = serve(config, server, path)
      return served && tlsName(config, served)
    },
  }
}

/** Both keep one file per host in a folder of that name, and nobody else does. */
function installationOf({ sources }: NginxConfig): 'npm' | 'swag' | null {
  for (const path of sources.keys()) {
    if (/\/proxy_host\/\d+\.conf$/.test(path)) return 'npm'
    if (/\/(?:site|proxy)-confs\/[^/]+\.conf$/.test(path)) return 'swag'
  }
  return null
}

/** Of main and events context. */
function topArgs({ kind, root }: NginxConfig, name: string): string[][] {
  const events = root.children
    .filter(({ statement }) => statement.name === 'events')
    .flatMap(({ children }) => children)
  return kind === 'main'
    ? [...root.children, ...events]
        .filter(({ statement }) => statement.name === name)
        .map(({ statement }) => statement.args)
    : []
}

/** Those that another server block asks, else those of the machine the files were read on. */
function nameServers(config: NginxConfig): readonly string[] {
  for (const { statement } of descendants(config.kind === 'main' ? httpNodes(config) : config.root.children))
    if (statement.name === 'resolver') {
      const addresses = statement.args.filter((arg) => /^(?:[\d.]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(arg))
      if (addresses.length > 0) return addresses
    }
  return config.name_servers
}

/** Where packages put it: there a plain `nginx -t` looks. */
const USUAL = '/etc/nginx/nginx.conf'

function mainFile({ kind, sources, changed_at }: NginxConfig): string | null {
  const [top] = sources.values()
  return kind === 'main' && changed_at !== null && top !== undefined && top.file !== USUAL ? top.file : null
}

/** `worker_shutdown_timeout` stands in main context; unset means no limit (ngx_core_module). */
function shutdownTimeout({ kind, root }: NginxConfig): number | null {
  if (kind !== 'main') return null
  const found = root.children.find(({ statement }) => statement.name === 'worker_shutdown_timeout')
  const [value] = found?.statement.args ?? []
  return value === undefined ? null : nginxSeconds(value) || null
}
