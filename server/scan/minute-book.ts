/** How often things happened in a minute, written down in order and moved into their counts in batches. Thousands of
 *  counts in turns cost a cache miss or two for every number that is added; one at a time does not. */
import type { MinuteCounts } from '../diagnosis/contract.ts'

const ROOM = 1 << 15

export class MinuteBook {
  private accounts: MinuteCounts[] = []
  private account = new Int32Array(0)
  /** Minutes since 1970. */
  private minute = new Int32Array(0)
  private count = new Int32Array(0)
  private size = 0

  /** The number under which to `note` what belongs into these minutes. */
  open(minutes: MinuteCounts): number {
    return this.accounts.push(minutes) - 1
  }

  /** Forgets the accounts; what was noted must be settled. */
  close(): void {
    this.accounts = []
    this.size = 0
  }

  /** True when the book was full, and its counts may have become coarser. */
  note(account: number, minute: number, count: number): boolean {
    if (this.account.length === 0) {
      // Most inputs need none.
      this.account = new Int32Array(ROOM)
      this.minute = new Int32Array(ROOM)
      this.count = new Int32Array(ROOM)
    }
    const full = this.size === ROOM
    if (full) this.settle()
    const at = this.size++
    this.account[at] = account
    this.minute[at] = minute
    this.count[at] = count
    return full
  }

  /** Moves all of it into the counts, each account's in the order in which it was noted. */
  settle(): void {
    const { accounts, account, minute, count, size } = this
    if (size === 0) return
    const ends = new Int32Array(accounts.length + 1)
    for (let i = 0; i < size; i++) bump(ends, account[i] as number, 1)
    let sum = 0
    for (let a = 0; a < accounts.length; a++) {
      sum += ends[a] as number
      ends[a] = sum
    }
    const sorted = new Int32Array(size)
    for (let i = size - 1; i >= 0; i--) sorted[bump(ends, account[i] as number, -1)] = i
    for (let i = 0; i < size; i++) {
      const at = sorted[i] as number
      accounts[account[at] as number]?.add((minute[at] as number) * 60_000, count[at] as number)
    }
    this.size = 0
  }
}

function bump(list: Int32Array, at: number, by: number): number {
  return (list[at] = (list[at] as number) + by)
}
