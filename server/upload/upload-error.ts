/** `bad-upload`: not what was asked for. `upload-too-large`, `analyze-busy`, `analyze-too-long`: bounds.
 *  `analyze-failed`: the report could not be made, and why. */
export type UploadErrorCode = 'bad-upload' | 'upload-too-large' | 'analyze-busy' | 'analyze-too-long' | 'analyze-failed'

export class UploadError extends Error {
  readonly code: UploadErrorCode
  constructor(code: UploadErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
