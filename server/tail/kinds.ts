/** The kinds of sources besides files, by the scheme their names begin with: `docker:portainer`. One kind = one file + one
 *  line here. */
import type { Source, SourceOptions } from './contract.ts'
import { docker } from './docker.ts'
import { journald } from './journald.ts'
import { stdin } from './stdin.ts'
import { syslog } from './syslog.ts'

export interface SourceKind {
  /** `docker` for names that begin with `docker:`. */
  scheme: string
  /** Nothing was there before we came: there is nothing to import. */
  live?: true
  /** The sources that a name of the configuration stands for at the moment, by the names they are stored and shown under.
   *  Throws Error, one sentence for a person, when the name makes no sense, and NotNow when it stands for several that
   *  cannot be listed now; a single one that is merely not there is a source whose status says so. */
  find(name: string): Promise<string[]>
  /** Opens one that `find` gave; starts by itself. */
  open(name: string, options: SourceOptions): Source
}

export const KINDS: readonly SourceKind[] = [docker, journald, stdin, syslog]

/** The kind that a name of the configuration is of; null for a file. A file of that name is written `./docker:x`. */
export function kindOf(name: string, kinds: readonly SourceKind[] = KINDS): SourceKind | null {
  return kinds.find(({ scheme }) => name === scheme || name.startsWith(`${scheme}:`)) ?? null
}
