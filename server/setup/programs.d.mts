/** Types of programs.mjs, which stays JavaScript because it runs before TypeScript is installed. */
export type ProgramId =
  'nginx' | 'chromium' | 'logrotate' | 'zstd' | 'bzip2' | 'xz' | 'logger' | 'journalctl' | 'journal'

export declare const PROGRAMS: Readonly<
  Record<ProgramId, { variable: string; names: readonly string[]; packages: readonly string[] }>
>
export declare function findProgram(id: ProgramId, environment?: NodeJS.ProcessEnv): string | null
export declare function findInPath(names: readonly string[], environment?: NodeJS.ProcessEnv): string | null
