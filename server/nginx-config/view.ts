/** What diagnosis may ask about a configuration. */
import type { ConfigView } from '../diagnosis/contract.ts'
import { effectiveProxy } from './effective.ts'
import { patchFor } from './patch.ts'
import { nginxSeconds } from './nginx-time.ts'
import { serve } from './serve.ts'
import type { NginxConfig } from './tree.ts'

/** `version` is the nginx version when a log or the user told it, such as `1.22.1`: the config does not say.
 *  `settings` and `patch` follow nginx's own choice of server and location; both are null where the config does
 *  not serve the request or the choice is not certain. */
export function configView(config: NginxConfig, version: string | null = null): ConfigView {
  return {
    version,
    folder: config.folder,
    main: mainFile(config),
    changed_at: config.changed_at,
    shutdown_timeout: shutdownTimeout(config),
    settings(server, path) {
      const served = serve(config, server, path)
      return served && effectiveProxy(config, served, path)
    },
    patch(server, path, directives) {
      const served = serve(config, server, path)
      return served && patchFor(config, served, directives, version)
    },
  }
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
