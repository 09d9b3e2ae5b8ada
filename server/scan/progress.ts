/** Bytes read of all inputs together, by whichever thread. */
import type { ScanOptions } from './contract.ts'
import type { OpenedInput } from './open-input.ts'

export class Progress {
  /** Task → bytes of it. */
  private readonly parts = new Map<number, number>()
  private done = 0
  private readonly total: number | null
  private readonly report: ScanOptions['onProgress']

  constructor(inputs: readonly OpenedInput[], report: ScanOptions['onProgress']) {
    this.report = report
    this.total = inputs.reduce<number | null>((sum, input) => {
      if (input.kind === 'refused' || sum === null) return sum
      return input.size === null ? null : sum + input.size
    }, 0)
  }

  at(task: number, done: number): void {
    this.done += done - (this.parts.get(task) ?? 0)
    this.parts.set(task, done)
    this.report?.(this.done, this.total)
  }

  state(): { done: number; total: number | null } {
    return { done: this.done, total: this.total }
  }
}
