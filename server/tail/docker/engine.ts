/** The few questions we ask a container engine, over its socket. Podman answers the same ones.
 *  Source: Docker Engine API (ContainerList, ContainerInspect, ContainerLogs); unversioned paths mean the newest version
 *  the engine speaks, which all since 1.24 do alike for these. Not dockerode: three GET requests need no client. */
import { request, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'

const DEFAULT_SOCKET = '/var/run/docker.sock'
const ANSWER_WITHIN = 10_000
/** A list of thousands of containers is a few MB. */
const MAX_ANSWER = 16 * 2 ** 20
const MAX_MESSAGE = 200
/** What the engine itself accepts as a name (moby daemon/names). */
export const CONTAINER_NAME = /^[a-zA-Z0-9][\w.-]{0,254}$/

/** Where an engine listens. */
export type EngineAddress = { socketPath: string } | { host: string; port: number }

export interface Container {
  id: string
  running: boolean
  /** Changes with every start. */
  startedAt: string
  tty: boolean
  logDriver: string
}

/** Which containers to list: all, or those with a label. */
export type Filter = { label: string } | null

/** Why the engine cannot be used now; `message` is one sentence for a person. */
export class EngineError extends Error {
  override name = 'EngineError'
  /** `refused` is something a person must mend. */
  readonly kind: 'no-engine' | 'no-container' | 'refused'

  constructor(kind: EngineError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** Reads DOCKER_HOST; throws Error, one sentence, when it is of a kind that we cannot speak. */
export function engineAddress(env: NodeJS.ProcessEnv): EngineAddress {
  const text = env['DOCKER_HOST']
  if (text === undefined || text === '') return { socketPath: DEFAULT_SOCKET }
  const unix = /^unix:\/\/(\/[^\0]+)$/.exec(text)?.[1]
  if (unix !== undefined) return { socketPath: unix }
  const tcp = /^(?:tcp|http):\/\/(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i.exec(text)
  const port = Number(tcp?.[3] ?? 2375)
  const tls = env['DOCKER_TLS_VERIFY']
  if (tcp && port <= 65_535 && (tls === undefined || tls === '')) return { host: tcp[1] ?? tcp[2] ?? 'localhost', port }
  throw new Error(`DOCKER_HOST=${printable(text)}: expected unix:///PATH, or tcp://HOST:PORT without TLS`)
}

export class Engine {
  private readonly address: EngineAddress

  constructor(address: EngineAddress) {
    this.address = address
  }

  /** Names of containers, running or not, without those whose id `except` is true for. Throws EngineError. */
  async names(filter: Filter, except: (id: string) => boolean): Promise<string[]> {
    const filters = filter === null ? '' : `&filters=${encodeURIComponent(JSON.stringify({ label: [filter.label] }))}`
    const list = await this.json(`/containers/json?all=1${filters}`)
    if (!Array.isArray(list)) throw new EngineError('refused', `${this.where} does not list its containers as an array`)
    return list.flatMap((item: unknown) => {
      const names = field(item, 'Names')
      if (!Array.isArray(names) || except(text(item, 'Id'))) return []
      // `/other/alias` is what a link calls it.
      const name = names.flatMap((each: unknown) => (typeof each === 'string' ? [each.replace(/^\//, '')] : []))
      return name.filter((each) => CONTAINER_NAME.test(each)).slice(0, 1)
    })
  }

  /** Throws EngineError. */
  async inspect(name: string, signal?: AbortSignal): Promise<Container> {
    const answer = await this.json(`/containers/${encodeURIComponent(name)}/json`, signal)
    const id = text(answer, 'Id')
    if (!/^[\w.-]{1,128}$/.test(id)) throw new EngineError('refused', `${this.where} names no id of container ${name}`)
    const state = field(answer, 'State')
    return {
      id,
      running: field(state, 'Running') === true,
      startedAt: text(state, 'StartedAt').slice(0, 64),
      tty: field(field(answer, 'Config'), 'Tty') === true,
      logDriver: printable(text(field(field(answer, 'HostConfig'), 'LogConfig'), 'Type')),
    }
  }

  /** The log from `since` (epoch s; null: all of it) on, and what comes; the caller destroys it. Throws EngineError. */
  async logs({ id, logDriver }: Container, since: number | null, signal: AbortSignal): Promise<IncomingMessage> {
    const query = `follow=1&stdout=1&stderr=1&timestamps=1${since === null ? '' : `&since=${since}`}`
    const response = await this.get(`/containers/${encodeURIComponent(id)}/logs?${query}`, signal)
    if (response.statusCode === 200) return response
    const why = await this.refusal(response)
    if (response.statusCode !== 501 && !/driver/i.test(why.message)) throw why
    const driver = logDriver === '' ? 'its log driver' : `log driver ${logDriver}`
    throw new EngineError(
      'refused',
      `${driver} cannot be read (${why.message}); use json-file, local or journald for this container`,
    )
  }

  /** For messages. */
  get where(): string {
    const { address } = this
    return 'socketPath' in address ? address.socketPath : `tcp://${address.host}:${address.port}`
  }

  private async json(path: string, stop?: AbortSignal): Promise<unknown> {
    const late = AbortSignal.timeout(ANSWER_WITHIN)
    const response = await this.get(path, stop ? AbortSignal.any([stop, late]) : late)
    if (response.statusCode !== 200) throw await this.refusal(response)
    const body = await this.body(response, MAX_ANSWER)
    try {
      return JSON.parse(body) as unknown
    } catch {
      throw new EngineError('refused', `${this.where} does not answer in JSON; is it a container engine?`)
    }
  }

  private get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options: RequestOptions = { ...this.address, path, signal, agent: false, headers: { host: 'docker' } }
      const fail = (error: Error): void => reject(this.unreachable(error))
      let asked: ClientRequest
      try {
        asked = request(options)
      } catch (error) {
        // A socket path that is too long, for one.
        fail(error instanceof Error ? error : new Error('not usable'))
        return
      }
      // Half-open connections to a proxy on another host would stay silent for ever.
      asked.once('socket', (socket) => socket.setKeepAlive(true, 30_000))
      // Only until there is an answer: an engine may well log nothing for days.
      const timer = setTimeout(() => asked.destroy(new Error('no answer')), ANSWER_WITHIN)
      asked.once('error', (error) => {
        clearTimeout(timer)
        fail(error)
      })
      asked.once('response', (response) => {
        clearTimeout(timer)
        resolve(response)
      })
      asked.end()
    })
  }

  private async refusal(response: IncomingMessage): Promise<EngineError> {
    const body = await this.body(response, 10_000)
    let said = body
    try {
      said = text(JSON.parse(body), 'message')
    } catch {
      // A proxy says it in its own way.
    }
    const status = response.statusCode ?? 0
    said = printable(said.replaceAll(/<[^>]*>/g, ' ').trim())
    if (status === 404)
      return new EngineError('no-container', 'no container of that name; it is read as soon as there is one')
    if (status === 401 || status === 403)
      return new EngineError('refused', `${this.where} refuses (${status}); a socket proxy must allow GET /containers`)
    return new EngineError('refused', said === '' ? `${this.where} answers ${status}` : said)
  }

  private async body(response: IncomingMessage, limit: number): Promise<string> {
    const parts: Buffer[] = []
    let size = 0
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        size += part.length
        if (size > limit) break
        parts.push(part)
      }
    } catch (error) {
      throw this.unreachable(error instanceof Error ? error : new Error('broken off'))
    } finally {
      response.destroy()
    }
    if (size > limit) throw new EngineError('refused', `${this.where} answers with more than ${limit} bytes`)
    return Buffer.concat(parts).toString()
  }

  private unreachable(error: Error & { code?: string }): EngineError {
    const { where } = this
    if (error.code === 'EACCES' || error.code === 'EPERM')
      return new EngineError(
        'refused',
        `permission denied on ${where}; let this user use it (group docker), or use a socket proxy`,
      )
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
      return new EngineError(
        'no-engine',
        `no container engine at ${where}; start it, mount its socket or set DOCKER_HOST`,
      )
    return new EngineError(
      'no-engine',
      `the container engine at ${where} cannot be reached (${error.code ?? error.message})`,
    )
  }
}

/** What an engine says is shown to people: no control characters, and not a page of it. */
export function printable(said: string): string {
  const clean = said
    .slice(0, 4 * MAX_MESSAGE)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  return clean.length > MAX_MESSAGE ? `${clean.slice(0, MAX_MESSAGE)}…` : clean
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}

function text(value: unknown, key: string): string {
  const found = field(value, key)
  return typeof found === 'string' ? found : ''
}
