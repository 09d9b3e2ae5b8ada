/** How often things happened in a minute, written down in order and moved into their Maps in batches. Thousands of Maps
 *  in turns cost a cache miss or two for every number that is added; one Map at a time does not. */
import { add } from '../diagnosis/contract.ts'

const ROOM = 1 << 17

export class MinuteBook {
  private readonly accounts: Map<number, number>[] = []
  private readonly account = new Int32Array(ROOM)
  /** Minutes since 1970. */
  private readonly minute = new Int32Array(ROOM)
  private readonly count = new Int32Array(ROOM)
  private size = 0

  /** The number under which to `note` what belongs into these minutes (epoch ms → count). */
  open(minutes: Map<number, number>): number {
    return this.accounts.push(minutes) - 1
  }

  note(account: number, minute: number, count: number): void {
    if (this.size === ROOM) this.settle()
    const at = this.size++
    this.account[at] = account
    this.minute[at] = minute
    this.count[at] = count
  }

  /** Moves all of it into the Maps, each account's in the order in which it was noted. */
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
      add(accounts[account[at] as number] as Map<number, number>, (minute[at] as number) * 60_000, count[at] as number)
    }
    this.size = 0
  }
}

function bump(list: Int32Array, at: number, by: number): number {
  return (list[at] = (list[at] as number) + by)
}
