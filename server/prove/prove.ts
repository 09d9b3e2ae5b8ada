/** The user's configuration before and after a patch, in a throw-away nginx, with a real handshake through the very location. */
import type { NginxConfig } from '../nginx-config/contract.ts'
import type { Asking } from '../probe/contract.ts'
import type { Circumstances } from './circumstances.ts'
import { expected, type Expected } from './expected.ts'
import { findNginx } from './nginx.ts'
import { patchedConfig } from './patched.ts'
import { run, type Request, type RunResult } from './run.ts'
import { sayIt, unpatched } from './say.ts'

export interface ProveOptions {
  config: NginxConfig
  /** A unified diff; null: only the configuration as it is. */
  patch: string | null
  asking: Asking
  /** Send the Origin of the site itself instead of the one in `asking`. */
  own_origin: boolean
  /** For choosing the server block; null: the only one that proxies the path. */
  host: string | null
  /** Enter by the plain listener, although there is a TLS one. */
  plain: boolean
  circumstances: Circumstances
  /** The finding's cause, when it came from one. */
  cause: string | null
  /** Path of nginx; null: looked for. */
  nginx: string | null
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

export type Phase = 'before' | 'after'

export interface Part {
  /** What the configuration says. */
  expected: Expected
  /** What nginx did; null when it was not run. */
  run: RunResult | null
}

export interface Proof {
  /** Null: not installed, nothing was run. */
  nginx: { path: string; version: string } | null
  before: Part
  after: Part | null
  /** The handshake passes (after the patch, where there is one), and was run. */
  ok: boolean
  /** It failed before and passes after. */
  fixed: boolean
  /** It is of a finding without a patch: `ok` says nothing about a fix. */
  unpatched: boolean
  /** What it proves, and what it does not. */
  conclusion: string[]
  /** What keeps the proof from being complete. */
  limits: string[]
}

/** The patch cannot be applied; one line. */
export class PatchError extends Error {}

/** Yields each part as it is done. Throws PatchError. */
export async function* prove(options: ProveOptions): AsyncGenerator<{ phase: Phase; part: Part }, Proof> {
  const { config, patch, signal } = options
  const patched = patch === null ? null : patchedConfig(config, patch)
  if (patched && !patched.ok) throw new PatchError(patched.reason)
  const program = await findNginx(options.nginx, options.env)
  const version = program?.version ?? null
  const path = options.asking.path.replace(/[?#].*$/s, '')
  const { circumstances } = options
  const { asking, own_origin, host, plain } = options
  const request: Request = { ...circumstances, asking, own_origin, host, plain }
  const partOf = async (one: NginxConfig): Promise<Part> => ({
    expected: expected(one, options.host, path, version),
    run: program === null || signal.aborted ? null : await run(one, request, program, signal),
  })
  const before = await partOf(config)
  yield { phase: 'before', part: before }
  let after: Part | null = null
  if (patched) {
    after = await partOf(patched.config)
    yield { phase: 'after', part: after }
  }
  const last = after ?? before
  const ok = last.run?.ok === true
  return {
    nginx: program && { path: program.path, version: program.version },
    before,
    after,
    ok,
    fixed: ok && after !== null && before.run !== null && !before.run.ok,
    unpatched: unpatched(options.cause, after),
    ...sayIt({
      config,
      before,
      after,
      circumstances,
      path: asking.path,
      cause: options.cause,
      hasNginx: program !== null,
    }),
  }
}
