/** Public surface of upload: logs that somebody hands in are judged once, apart from the server, and nothing of them stays. */
export { analyzeUpload, type Upload, type UploadOptions } from './analyze.ts'
export { UploadError, type UploadErrorCode } from './upload-error.ts'
