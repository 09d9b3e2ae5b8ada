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

async function ask<T>(path: string, options: RequestInit): Promise<T> {
  let response: Response
  try {
    const type = options.body === undefined ? {} : { 'content-type': 'application/json' }
    const headers = { accept: 'application/json', ...type }
    response = await fetch(address(path), { ...options, headers, cache: 'no-store' })
  } catch {
    throw new ApiError(
      'unreachable',
      'halfopen does not answer.',
      'Check that it is still running; this page goes on by itself when it is back.',
    )
  }
  const json = response.headers.get('content-type')?.includes('json') ?? false
  if (response.ok && json) {
    try {
      return (await response.json()) as T
    } catch {
      throw new ApiError('unreachable', 'The answer broke off half way.', null)
    }
  }
  if (json) throw await errorOf(response)
  throw new ApiError(
    'not-halfopen',
    `Something else answered instead of halfopen (status ${response.status}).`,
    'If a proxy stands in front, it must pass api/v1/ on to the same place as this page.',
  )
}
