/** The Express application: guards, API, dashboard files, errors. */
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express'
import type { Dashboard } from './dashboard.ts'
import { Download } from './download.ts'
import { errorReply, HalfopenError, type ErrorCodeName } from './errors.ts'
import { JsonLines, sendLines } from './json-lines.ts'
import { ownHostsOnly, sameOriginWrites, securityHeaders } from './guards.ts'
import { CONTENT_TYPE, exposition } from './metrics.ts'
import { openapi } from './openapi.ts'
import { requirePassword } from './password.ts'
import { RawJson, ROUTES } from './routes.ts'
import type { Stream } from './stream.ts'

export interface AppOptions {
  dashboard: Dashboard
  stream: Stream
  /** Host part of the listen address. */
  listen: string
  allowed_hosts: readonly string[]
  /** '' or '/path'. */
  base_path: string
  password: string | null
  /** Folder of the built dashboard; null when it is not built. */
  web: string | null
  version: string
  /** Epoch ms. */
  now: () => number
  /** A bug: the stack goes to the log, the client gets `internal`. */
  onBug: (error: unknown) => void
}

export async function createApp(options: AppOptions): Promise<Express> {
  const { base_path, password } = options
  const app = express()
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  app.set('etag', false)
  app.use(securityHeaders, ownHostsOnly(options.listen, options.allowed_hosts))

  const open = express.Router()
  open.get('/healthz', (_request, response) => void response.type('text').send('ok\n'))
  open.get('/readyz', (_request, response) => {
    if (!options.dashboard.ready()) throw new HalfopenError('not-ready', 'Importing what is in the logs already.')
    response.type('text').send('ok\n')
  })
  const guarded = express.Router()
  if (password !== null) guarded.use(await requirePassword(password))
  guarded.use(sameOriginWrites, withSlash(base_path))
  addApi(guarded, options)
  if (options.web !== null) guarded.use(files(options.web))

  app.use(base_path === '' ? '/' : base_path, open, guarded)
  app.use(() => {
    const below = base_path === '' ? '' : ` halfopen is at ${base_path}/.`
    throw new HalfopenError('not-found', `There is nothing at this address.${below}`)
  })
  app.use(onError(options.onBug))
  return app
}

function addApi(router: Router, { dashboard, stream, version, base_path, now, onBug }: AppOptions): void {
  const api = '/api/v1'
  const failureBody = (error: unknown): object => {
    const [code, message] = known(error)
    if (code === 'internal') onBug(error)
    return errorReply(code, message).body
  }
  router.use('/api', (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store')
    next()
  })
  for (const { method, path, handle } of ROUTES) {
    router[method](api + path, async (request, response) => {
      const { id = '', note = '' } = request.params as Record<string, string>
      const asked = { dashboard, query: request.query, id, note, now: now(), request }
      const answer = await handle(asked)
      if (answer instanceof RawJson) response.type('json').end(answer.text)
      else if (answer instanceof Download) response.attachment(answer.name).type(answer.type).end(answer.text)
      else if (answer instanceof JsonLines) await sendLines(response, answer, failureBody)
      else response.json(answer)
    })
  }
  router.get(`${api}/stream`, (request, response) => stream.open(request, response))
  router.get('/api/openapi.json', (_request, response) => void response.json(openapi(version, base_path)))
  router.get('/metrics', (_request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('Content-Type', CONTENT_TYPE)
    response.end(exposition(dashboard.metrics()))
  })
  const addresses = [...ROUTES.map(({ path }) => api + path), `${api}/stream`, '/api/openapi.json', '/metrics']
  for (const address of new Set(addresses)) {
    router.all(address, (request) => {
      throw new HalfopenError('method-not-allowed', `This address does not take ${request.method}.`)
    })
  }
  router.use('/api', () => {
    throw new HalfopenError('not-found', 'The API has nothing at this address.')
  })
}

/** Addresses of the page are relative, so `/halfopen` must become `/halfopen/`. */
function withSlash(base: string): RequestHandler {
  return (request, response, next) => {
    const [path = '', query] = request.originalUrl.split('?')
    if (base !== '' && path === base) response.redirect(308, `${base}/${query === undefined ? '' : `?${query}`}`)
    else next()
  }
}

/** Names below assets/ hold a hash of their content; everything else is asked for again each time. */
function files(folder: string): RequestHandler {
  return express.static(folder, {
    etag: true,
    redirect: false,
    setHeaders(response, path) {
      const hashed = /[\\/]assets[\\/][^\\/]+$/.test(path)
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
}

function onError(onBug: AppOptions['onBug']): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    if (response.headersSent) {
      if (!(error instanceof HalfopenError)) onBug(error)
      response.destroy()
      return
    }
    const [code, message] = known(error)
    if (code === 'internal') onBug(error)
    const { status, body } = errorReply(code, message)
    response.setHeader('Cache-Control', 'no-store')
    response.status(status).json(body)
  }
}

/** Express and its file server throw errors with a status for addresses that make no sense, such as `/%ff`. */
function known(error: unknown): [ErrorCodeName, string] {
  if (error instanceof HalfopenError) return [error.code, error.message]
  const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500
  if (status >= 400 && status < 500) return ['not-found', 'This address cannot be read.']
  return ['internal', 'halfopen made a mistake.']
}
