/** Tests that start a real nginx, browser, logrotate or packer say so here. Where the program is missing they are
 *  skipped, and the end of the run lists them (skipped-reporter.ts); under CI=true they fail instead. */
import { describe, it } from 'vitest'
import { findProgram, PROGRAMS, type ProgramId } from '../server/setup/programs.mjs'

export type { ProgramId } from '../server/setup/programs.mjs'

/** Absolute path of the program, or null. Looks at HALFOPEN_TEST_NGINX (…_CHROMIUM, …_LOGROTATE), PATH, /usr/sbin. */
export function needs(program: ProgramId): string | null {
  return findProgram(program)
}

/** A `describe` that runs only when the programs are there; `body` receives their paths.
 *  @example describeWith('nginx', 'upgrade headers', ({ nginx }) => { it('…', …) })
 *  @example describeWith(['nginx', 'chromium'], 'dashboard', ({ nginx, chromium }) => { … }) */
export function describeWith<P extends ProgramId>(
  programs: P | readonly P[],
  name: string,
  body: (paths: Record<P, string>) => void,
): void {
  const wanted: readonly P[] = typeof programs === 'string' ? [programs] : programs
  const found = wanted.map((program) => [program, needs(program)] as const)
  const missing = found.filter(([, path]) => path === null).map(([program]) => program)
  if (missing.length === 0) {
    describe(name, () => body(Object.fromEntries(found) as Record<P, string>))
    return
  }
  const reason = `needs ${missing.map(howToGet).join(' and ')}`
  if (process.env['CI'] === 'true') {
    describe(name, () => {
      it(`has ${missing.join(' and ')}`, () => {
        throw new Error(`${reason}; nothing may be skipped under CI=true`)
      })
    })
    return
  }
  // The body is not run: it may use the paths at once. The one entry makes the reporter see the suite.
  describe.skip(`${name} (${reason})`, () => {
    it('all of it', () => undefined)
  })
}

function howToGet(program: ProgramId): string {
  const { packages, variable } = PROGRAMS[program]
  return `${program} (Debian: apt-get install ${packages.join(' ')}; or set ${variable})`
}
