/** Public surface of http: the API and the dashboard over HTTP. */
export { createApp, type AppOptions } from './app.ts'
export type { Dashboard, ProblemChange } from './dashboard.ts'
export { ERRORS, HalfopenError, type ErrorCodeName } from './errors.ts'
export { checkListen, isLoopback, withPort } from './listen-address.ts'
export { startListener, type Listener } from './listener.ts'
export type { Metric } from './metrics.ts'
export { readPassword } from './password.ts'
export { Stream } from './stream.ts'
