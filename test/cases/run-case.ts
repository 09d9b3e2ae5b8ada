/** Reads a case file the way `analyze` does and returns its report. */
import { existsSync, readFileSync } from 'node:fs'
import { buildReport } from '../../server/diagnosis/contract.ts'
import type { Report } from '../../server/diagnosis/contract.ts'
import { configView, loadConfig } from '../../server/nginx-config/contract.ts'
import { scanInputs } from '../../server/scan/contract.ts'

export interface Expected {
  /** Lowest and highest confidence. */
  confidence?: [number, number]
  count?: number
  severity?: string
  /** A part of the title. */
  title?: string
  /** A quiet case in which the cause may be guessed (below 0.5), and must not be asserted. */
  guess?: true
  /** Why it has stopped. */
  over?: string
  /** What has to change. */
  layer?: string
  /** The line of the configuration that is named. */
  line?: number
}

/** Zone-less stamps are read as UTC, so that a case gives the same report everywhere. */
export async function reportOf(log: string | readonly string[], config: string | null = null): Promise<Report> {
  const options = { format: null, logFormat: null, timezone: 'UTC', since: null, until: null, onProgress: null }
  const { evidence, inputs } = await scanInputs([log].flat(), options)
  const loaded = config === null ? null : loadConfig(config)
  if (loaded?.ok === false) throw new Error(`${loaded.error.file}:${loaded.error.line}: ${loaded.error.message}`)
  const view = loaded === null ? null : { ...configView(loaded.config), changed_at: null }
  return buildReport(evidence, { inputs, generatedAt: 0, config: view })
}

/** `fires-x.expected.json` beside `fires-x.log`; {} when there is none. */
export function expectedOf(log: string): Expected {
  const file = log.replace(/\.log$/, '.expected.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Expected) : {}
}

/** `fires-x.conf` beside `fires-x.log`, for causes that look at the configuration. */
export function configOf(log: string): string | null {
  const file = log.replace(/\.log$/, '.conf')
  return existsSync(file) ? file : null
}
