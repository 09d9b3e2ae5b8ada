/** What a rewritten configuration consists of. */
import type { NginxConfig } from '../nginx-config/contract.ts'
import type { PlannedBackend, PlannedListener } from './targets.ts'

export interface LeftOut {
  what: string
  file: string
  line: number
  why: string
}

export interface Plan {
  /** With marks for ports and folders. */
  lines: string[]
  /** Where each line comes from; null for what the proof adds. */
  origins: ({ file: string; line: number } | null)[]
  listeners: PlannedListener[]
  /** Index of the listener through which the request comes. */
  entry: number
  backends: PlannedBackend[]
  usesResolver: boolean
  /** Password files to copy, since nginx runs as another user: path → name. */
  copies: Map<string, string>
  /** On the tested path, and not part of the proof. */
  left_out: LeftOut[]
}

/** Folder of the throw-away nginx. */
export const FOLDER_MARK = '@halfopen:dir@'

export interface PlanOptions {
  /** Enter by a plain listener, although there is a TLS one. */
  plain: boolean
  host: string | null
  path: string
  /** What backends speak, when the caller knows it. */
  speaks: 'plain' | 'tls' | null
  /** Names that backends have certificates for, when the caller knows that they insist on SNI. */
  sni: readonly string[] | null
  /** The nginx's own prefix, which relative roots start from. */
  prefix: string
  /** Modules of the distribution that the tested path needs, absolute. */
  modules: readonly string[]
  /** Those with which nginx refused the configuration. */
  unfit: ReadonlySet<string>
  /** Variables that only files which were not given define. */
  assumed: ReadonlySet<string>
  /** Directives that this nginx does not know. */
  unknown: ReadonlySet<string>
}

/** Files are missing: what is not defined in those that are given may be defined there. */
export const isPart = ({ kind, problems }: NginxConfig): boolean =>
  kind !== 'main' || problems.some((problem) => problem.kind === 'include-missing')
