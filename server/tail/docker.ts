/** Container logs, over the engine's socket: `docker:NAME`, `docker:label=KEY[=VALUE]`, `docker:*`. Each container is a
 *  source of its own. Lines keep the engine's stamp in front, as `docker logs -t` shows them. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Source, SourceOptions } from './contract.ts'
import { DockerLog } from './docker/log.ts'
import { CONTAINER_NAME, Engine, engineAddress, EngineError, type Filter } from './docker/engine.ts'
import type { SourceKind } from './kinds.ts'
import { NotNow } from './not-now.ts'

const SCHEME = 'docker:'

export const docker: SourceKind = {
  scheme: 'docker',
  async find(name) {
    const wanted = name.slice(SCHEME.length)
    const filter = filterOf(wanted)
    // Which DOCKER_HOST cannot be used is said at once, not by each source.
    const engine = new Engine(engineAddress(process.env))
    if (filter === undefined) return [name]
    try {
      const names = await engine.names(filter, isOwn(hostname(), mountInfo()))
      return names.map((each) => SCHEME + each)
    } catch (error) {
      throw error instanceof EngineError ? new NotNow(error.message) : error
    }
  },
  open: (name, options) => openDocker(name, options, new Engine(engineAddress(process.env))),
}

export function openDocker(name: string, options: SourceOptions, engine: Engine): Source {
  return new DockerLog(name, name.slice(SCHEME.length), options, engine)
}

/** What to list; undefined for a single container. Throws Error, one sentence. */
function filterOf(wanted: string): Filter | undefined {
  if (wanted === '*') return null
  const label = /^label=(.+)$/s.exec(wanted)?.[1]
  if (label !== undefined) return { label }
  if (CONTAINER_NAME.test(wanted)) return undefined
  throw new Error('expected docker:NAME, docker:label=KEY, docker:label=KEY=VALUE or docker:* (all containers)')
}

/** Tells our own container, whose log would grow by what is logged about reading it. A container's host name is the
 *  beginning of its id unless it was set; the files that engines mount into it lie under the whole one. */
export function isOwn(host: string, mounts: string): (id: string) => boolean {
  const mounted = /\/(?:containers|overlay-containers)\/([0-9a-f]{64})\//.exec(mounts)?.[1]
  const short = /^[0-9a-f]{12}$/.test(host) ? host : null
  return (id) => id === mounted || (short !== null && id.startsWith(short))
}

function mountInfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return ''
  }
}
