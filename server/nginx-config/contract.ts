/** Public surface of nginx-config: lossless reader, effective settings, patches. Pure except load.ts. */
export { loadConfig } from './load.ts'
export { configView, logFormats } from './view.ts'
export type { NginxConfig, LogFormatDefinition } from './tree.ts'
