/** The description of the API, made from the routes and the query schemas. */
import { z } from 'zod'
import { ERRORS, type ErrorCodeName } from './errors.ts'
import { ROUTES, type Route } from './routes.ts'

interface Parameter {
  name: string
  in: 'query' | 'path'
  required: boolean
  description?: string
  schema: unknown
}

/** OpenAPI 3.1. Answers are named after the types of server/http/wire.ts, which are the reference for their fields. */
export function openapi(version: string, basePath: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of ROUTES) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
  paths['/stream'] = {
    get: {
      summary: 'Live updates as Server-Sent Events: hello, problem, series, event, source. Last-Event-ID resumes.',
      responses: { 200: { description: 'text/event-stream of StreamMessages' }, ...responses(['too-many-streams']) },
    },
  }
  const codes = Object.entries(ERRORS).filter(([, { status }]) => status !== null)
  return {
    openapi: '3.1.0',
    info: { title: 'halfopen', version, description: 'Why WebSockets break behind nginx.' },
    servers: [{ url: `${basePath}/api/v1` }],
    paths,
    components: {
      schemas: {
        ErrorReply: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message', 'hint'],
              properties: {
                code: {
                  enum: codes.map(([code]) => code),
                  description: codes.map(([code, { when }]) => `${code}: ${when}`).join('\n'),
                },
                message: { type: 'string' },
                hint: { type: ['string', 'null'] },
              },
            },
          },
        },
      },
    },
  }
}

function operation({ path, summary, query, body, answer, types = ['application/json'], errors }: Route): object {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']): Parameter => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' })
  const inQuery = Object.entries(properties).map(([name, schema]): Parameter => {
    const description = typeof schema === 'object' ? schema.description : undefined
    return {
      name,
      in: 'query',
      required: required.includes(name),
      schema,
      ...(description === undefined ? {} : { description }),
    }
  })
  return {
    summary,
    parameters: [...inPath, ...inQuery],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) } },
          },
        }),
    responses: {
      200: {
        description: `${answer}, see server/http/wire.ts`,
        content: Object.fromEntries(types.map((type) => [type, {}])),
      },
      ...responses(errors),
    },
  }
}

function responses(codes: readonly ErrorCodeName[]): Record<string, object> {
  const byStatus = new Map<number, ErrorCodeName[]>()
  for (const code of codes) {
    const status = ERRORS[code].status ?? 500
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/ErrorReply' } } }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [status, { description: names.join(', '), content }]),
  )
}
