/** Handing files in. XMLHttpRequest, because fetch does not tell how far an upload is. */
import type { ErrorReply, Report } from '../server/http/wire.ts'
import { ApiError, address } from './api.ts'

export interface Handed {
  field: 'log' | 'config'
  name: string
  content: Blob
}

/** POST api/v1/analyze. Rejects with ApiError, and with `stopped` when `signal` was aborted.
 *  @param onProgress how much of it has left, 0 to 1; 1 while it is being read */
export function analyze(
  files: readonly Handed[],
  timezone: string,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Report> {
  const form = new FormData()
  for (const { field, name, content } of files) form.append(field, content, name)
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', address(`analyze?timezone=${encodeURIComponent(timezone)}`))
    request.responseType = 'json'
    request.setRequestHeader('accept', 'application/json')
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total))
    request.upload.addEventListener('load', () => onProgress(1))
    request.addEventListener('load', () => {
      const answer = request.response as Report | ErrorReply | null
      if (request.status === 200 && answer !== null && 'findings' in answer) resolve(answer)
      else if (answer !== null && 'error' in answer)
        reject(new ApiError(answer.error.code, answer.error.message, answer.error.hint))
      else if (request.status === 413)
        reject(
          new ApiError(
            'proxy-limit',
            'The proxy in front of halfopen does not let so large an upload through.',
            'In nginx: client_max_body_size 64m; in the location that leads here.',
          ),
        )
      else reject(new ApiError('not-halfopen', `Something else answered (status ${request.status}).`, null))
    })
    request.addEventListener('error', () =>
      reject(new ApiError('unreachable', 'The upload broke off.', 'Check that halfopen is still running.')),
    )
    request.addEventListener('abort', () => reject(new ApiError('stopped', 'Stopped.', null)))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(form)
  })
}
