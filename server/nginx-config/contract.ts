/** Public surface of nginx-config: lossless reader, effective settings, patches. Pure except load.ts. */
export { loadConfig } from './load.ts'
export { configFromText } from './from-text.ts'
export { configView } from './view.ts'
export { logFormats } from './formats.ts'
export type { Loaded } from './from-text.ts'
export type { AccessLogDefinition, LogFormats } from './formats.ts'
export type { ConfigProblem, LogFormatDefinition, NginxConfig } from './tree.ts'
