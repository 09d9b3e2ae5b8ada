/** One seeded run: a writer, a reader that is killed, and everything that happens to logs. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import { compare, type Difference } from './compare.ts'
import { Dice } from './dice.ts'
import { OTHER_USER, Reading } from './reading.ts'
import { Logrotate, ROTATIONS, type Rotation } from './rotation.ts'
import { WrittenLog } from './written-log.ts'

/** What the machine allows. */
export interface Means {
  logrotate: string
  reader: string
  folder: string
  /** A small file system can be made, to be filled. */
  mounts: boolean
  /** The reader can be another user than the writer. */
  drops: boolean
}

export interface Outcome extends Difference {
  seed: number
  what: string
  lines: number
  kills: number
  rotations: number
  refused: number
}

const DEADLINE = 60_000
/** Longer than a rotated file must be quiet, ms of the reader's clock. */
const LINGERED = 6000

export async function run(seed: number, means: Means): Promise<Outcome> {
  const story = new Story(seed, means)
  try {
    await story.tell()
    return story.outcome()
  } finally {
    await story.close()
  }
}

class Story {
  private readonly seed: number
  private readonly dice: Dice
  private readonly means: Means
  private readonly home: string
  private readonly store: string
  private readonly mounted: boolean
  private readonly linked: boolean
  private readonly rotation: Rotation
  private readonly logrotate: Logrotate
  private readonly logs: WrittenLog[]
  private readonly reading: Reading
  private readonly clock: number
  private readonly steps: string[] = []
  private time = 1_000_000
  /** ms of the reader's clock for which the writer has not reopened after a rotation; null when it has. */
  private late: number | null = null
  private rotations = 0
  private ballast: number | null = null
  private denied = false

  constructor(seed: number, means: Means) {
    const dice = new Dice(seed)
    this.seed = seed
    this.dice = dice
    this.means = means
    this.home = mkdtempSync(join(means.folder, `seed-${seed}-`))
    chmodSync(this.home, 0o755)
    this.store = join(this.home, 'store')
    const logFolder = join(this.home, 'log')
    for (const path of [this.store, logFolder]) mkdirSync(path)
    this.mounted = means.mounts && dice.oneIn(3)
    if (this.mounted) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=9m', 'halfopen-faults', this.store])
    if (means.drops) chownSync(this.store, OTHER_USER, OTHER_USER)
    this.linked = dice.oneIn(6)
    this.rotation = dice.pick(ROTATIONS)
    this.logs = (['error', 'access'] as const).map(
      (kind) => new WrittenLog(kind, join(logFolder, `${kind}.log`), dice, this.linked),
    )
    const paths = this.logs.map(({ path }) => path)
    this.logrotate = new Logrotate(means.logrotate, this.home, paths, this.rotation)
    const clock = join(this.home, 'clock')
    this.clock = openSync(clock, 'w', 0o644)
    this.tick(0, 0)
    const wake = dice.oneIn(2) ? 'never' : 'directory'
    this.reading = new Reading(
      means.reader,
      { database: join(this.store, 'a.sqlite'), paths, clock, wake },
      means.drops,
    )
    this.note(`${this.linked ? 'link' : this.rotation.name}, wake ${wake}${this.mounted ? ', small disk' : ''}`)
  }

  async tell(): Promise<void> {
    // From its first commit on the reader owes every line; before that it has not seen the source.
    this.burst()
    this.reading.start()
    await this.caughtUp('begin')
    for (let n = 5 + this.dice.below(6); n > 0; n--) await this.step()
    await this.end()
  }

  outcome(): Outcome {
    const lines = this.logs.reduce((sum, { written }) => sum + written, 0)
    const { kills, full } = this.reading
    const difference = compare(join(this.store, 'a.sqlite'), this.logs)
    return {
      seed: this.seed,
      what: this.steps.join('; '),
      lines,
      kills,
      rotations: this.rotations,
      refused: full,
      ...difference,
    }
  }

  async close(): Promise<void> {
    await this.reading.kill().catch(() => undefined)
    for (const log of this.logs) log.close()
    closeSync(this.clock)
    if (this.ballast !== null) closeSync(this.ballast)
    if (this.mounted) execFileSync('umount', ['--lazy', this.store])
    rmSync(this.home, { recursive: true, force: true })
  }

  private async step(): Promise<void> {
    this.reading.check()
    this.burst()
    const acts: (() => Promise<void>)[] = [
      () => this.rotate(),
      () => this.rotate(),
      () => this.die(),
      () => this.die(),
      async () => this.jump(),
      () => this.wait(),
      () => this.disk(),
      async () => this.permission(),
      ...(this.linked ? [] : [() => this.refill(), () => this.recreate()]),
    ]
    await this.dice.pick(acts)()
    for (let n = this.dice.below(4); n > 0; n--) {
      this.burst()
      await turn()
    }
    // nginx was measured to reopen up to 2.5 s late.
    if (this.late !== null && this.dice.oneIn(2)) this.reopen()
  }

  private async rotate(): Promise<void> {
    if (this.late !== null) this.reopen()
    if (this.linked) {
      this.note('repoint')
      for (const log of this.logs) log.repoint()
    } else {
      const writing = this.dice.oneIn(2)
      this.note(writing ? 'rotate while writing' : 'rotate')
      let done = false
      const rotated = this.logrotate.run().finally(() => (done = true))
      while (writing && !done) {
        this.burst(20)
        await turn()
      }
      if (!(await rotated)) return this.note('(too soon)')
    }
    this.rotations++
    if (this.rotation.renames || this.linked) this.late = 0
    if (this.dice.oneIn(2)) this.burst()
    if (this.late !== null && this.dice.oneIn(3)) this.reopen()
  }

  private reopen(): void {
    this.late = null
    this.note('reopen')
    for (const log of this.logs) log.reopen()
    if (this.denied) this.permit(false)
  }

  /** kill -9 at any moment of a commit; a new start at once or only after other things happened. */
  private async die(): Promise<void> {
    if (this.reading.running) {
      this.note('kill')
      this.burst()
      await pause(this.dice.below(30))
      await this.reading.kill()
      if (this.dice.oneIn(2)) return
    }
    this.note('start')
    this.reading.start()
  }

  private jump(): void {
    const to = (this.dice.below(48) - 24) * 3_600_000
    this.note(`clock ${to / 3_600_000} h`)
    this.tick(0, to)
  }

  private async wait(): Promise<void> {
    // While the writer has not reopened it is never quiet for so long.
    if (this.late !== null) this.tick(500)
    else
      for (let n = this.dice.below(5); n > 0; n--) {
        this.tick(LINGERED / 2)
        await pause(20)
      }
    this.note('wait')
  }

  private async disk(): Promise<void> {
    if (!this.mounted) return this.wait()
    if (this.ballast !== null) this.makeRoom()
    else {
      this.note('disk full')
      this.ballast = openSync(join(this.store, 'ballast'), 'w')
      try {
        for (const size of [65_536, 4096, 512]) while (true) this.fill(size)
      } catch {
        // No space left on device.
      }
    }
  }

  private fill(size: number): void {
    writeSync(this.ballast as number, Buffer.alloc(size))
  }

  private makeRoom(): void {
    this.note('room')
    closeSync(this.ballast as number)
    rmSync(join(this.store, 'ballast'))
    this.ballast = null
  }

  private permission(): void {
    if (!this.means.drops) return
    this.permit(this.denied)
    this.note(this.denied ? 'deny' : 'allow')
  }

  private permit(allowed: boolean): void {
    this.denied = !allowed
    for (const log of this.logs) log.permit(allowed)
  }

  private async refill(): Promise<void> {
    await this.caughtUp('truncate and refill')
    for (const log of this.logs) log.refill()
  }

  /** Also with the reader down: then the new file often has the inode of the old one. */
  private async recreate(): Promise<void> {
    await this.caughtUp('recreate')
    const down = this.dice.oneIn(2)
    if (down) await this.reading.kill()
    for (const log of this.logs) log.recreate()
    this.burst()
    if (down) this.reading.start()
  }

  private async end(): Promise<void> {
    await this.caughtUp('end')
    await this.reading.kill()
  }

  /** Lets the reader come to the end of everything, whatever stands in its way. */
  private async caughtUp(why: string): Promise<void> {
    this.note(why)
    if (this.late !== null) this.reopen()
    if (this.ballast !== null) this.makeRoom()
    if (this.denied) this.permit(true)
    if (!this.reading.running) this.reading.start()
    // In the file at the path, so that a position says that it was reached.
    this.burst(3)
    const until = performance.now() + DEADLINE
    while (!this.logs.every((log) => log.isEnd(this.reading.at.get(log.path)))) {
      this.reading.check()
      if (performance.now() > until)
        throw new Error(`seed ${this.seed}: stuck: ${this.steps.join('; ')}; ${this.reading.describe()}`)
      await pause(25)
      this.tick(LINGERED / 4)
    }
    for (const log of this.logs) log.owe()
  }

  private burst(lines = 1 + this.dice.below(120)): void {
    for (const log of this.logs) log.burst(1 + this.dice.below(lines))
  }

  /** Lets the reader's clock run on, and sets the other one. */
  private tick(ms: number, jumped?: number): void {
    this.time += ms
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(this.time)
    writeSync(this.clock, bytes, 0, 8, 0)
    if (jumped === undefined) return
    bytes.writeDoubleLE(jumped)
    writeSync(this.clock, bytes, 0, 8, 8)
  }

  private note(step: string): void {
    this.steps.push(step)
  }
}
