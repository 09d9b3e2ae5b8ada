/** Requests to the API. Addresses are relative to the page, so it works below any path of a proxy. */
import type { ErrorReply } from '../server/http/wire.ts'

/** A request that brought no data: what happened, and what to do about it. */
export class ApiError extends Error {
  /** `unreachable`, `not-halfopen`, or a code of the server. */
  readonly code: string
  readonly hint: string | null
  constructor(code: string, message: string, hint: string | null) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export const address = (path: string): string => new URL(`api/v1/${path}`, document.baseURI).href

async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as Partial<ErrorReply> | null
  const error = body?.error
  if (error) return new ApiError(error.code, error.message, error.hint)
  return new ApiError(
    'not-halfopen',
    `The API answered ${response.status} in an unknown form.`,
    'A proxy in front may have answered instead of halfopen.',
  )
}

/** GET api/v1/PATH as JSON. Throws ApiError only. */
export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>(path, signal ? { signal } : {})

/** Changes something below api/v1/; `body` goes as JSON. Answers like GET. */
export const send = <T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<T> =>
  ask<T>(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })

/** POST api/v1/PATH where the answer is a file. Throws ApiError only. */
export async function fileOf(path: string, body: object): Promise<string> {
  const response = await reach(path, { method: 'POST', body: JSON.stringify(body) })
  // The page of a proxy that asks who is there is HTML, too, but no attachment.
  const file = response.headers.get('content-disposition')?.startsWith('attachment') ?? false
  return response.ok && file ? whole(response.text()) : refused(response)
}

async function ask<T>(path: string, options: RequestInit): Promise<T> {
  const response = await reach(path, options)
  return response.ok && isJson(response) ? whole(response.json() as Promise<T>) : refused(response)
}

async function reach(path: string, options: RequestInit): Promise<Response> {
  const type = options.body === undefined ? {} : { 'content-type': 'application/json' }
  const headers = { accept: 'application/json', ...type }
  try {
    return await fetch(address(path), { ...options, headers, cache: 'no-store' })
  } catch {
    throw new ApiError(
      'unreachable',
      'halfopen does not answer.',
      'Check that it is still running; this page goes on by itself when it is back.',
    )
  }
}

const isJson = (response: Response): boolean => response.headers.get('content-type')?.includes('json') ?? false

async function whole<T>(body: Promise<T>): Promise<T> {
  try {
    return await body
  } catch {
    throw new ApiError('unreachable', 'The answer broke off half way.', null)
  }
}

async function refused(response: Response): Promise<never> {
  if (isJson(response)) throw await errorOf(response)
  throw new ApiError(
    'not-halfopen',
    `Something else answered instead of halfopen (status ${response.status}).`,
    'If a proxy stands in front, it must pass api/v1/ on to the same place as this page.',
  )
}
