/** Which logs can be read, and since when: the silence of a log that nobody reads proves nothing. */
import type { Finding } from './diagnosis/contract.ts'
import type { SourceState } from './http/wire.ts'

type State = Pick<SourceState, 'path' | 'state'>

export class Watch {
  /** Path → why it cannot be read. */
  private readonly broken = new Map<string, string>()
  /** Path → when it could be read again, epoch ms. A log that was always readable is not here. */
  private readonly again = new Map<string, number>()
  /** Paths with lines that are there and were not read yet. */
  private readonly behind = new Set<string>()

  /** Call with the states of now, at epoch ms `at`. */
  look(states: readonly State[], at: number): void {
    this.behind.clear()
    for (const { path, state } of states) {
      if (state === 'reading') this.behind.add(path)
      if (state === 'missing') this.broken.set(path, `${path} is missing`)
      else if (state === 'unreadable') this.broken.set(path, `${path} cannot be read`)
      else if (this.broken.delete(path)) this.again.set(path, at)
    }
  }

  /** Since when all logs that showed the finding have been readable without a break, epoch ms; null when one is not, or
   *  holds lines that may show it. */
  since(finding: Finding): number | null {
    const logs = sourcesOf(finding)
    return logs.some((path) => this.broken.has(path) || this.behind.has(path))
      ? null
      : Math.max(0, ...logs.map((path) => this.again.get(path) ?? 0))
  }

  /** Some log holds lines that were not read yet: what came after success may stand in them. */
  get isBehind(): boolean {
    return this.behind.size > 0
  }

  /** What keeps the finding from being judged, as one sentence. */
  held(finding: Finding): string | null {
    const why = sourcesOf(finding).flatMap((path) => this.broken.get(path) ?? [])
    return why.length === 0 ? null : `${why.join(' and ')}: whether this still happens cannot be seen.`
  }
}

const sourcesOf = ({ evidence }: Finding): string[] => [...new Set(evidence.map(({ source }) => source))]
