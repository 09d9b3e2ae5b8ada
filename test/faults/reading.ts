/** The reader's process, as the test sees it: started, listened to, killed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { ReaderArguments, Said } from './reader.ts'

/** Not root, so that permissions count; `nobody` everywhere. */
export const OTHER_USER = 65_534

export class Reading {
  /** Where each log was read to, by its path. */
  readonly at = new Map<string, { ino: number; offset: number }>()
  /** What went wrong last, by path. */
  readonly hints = new Map<string, string | null>()
  kills = 0
  /** How often a commit was refused by a full disk. */
  full = 0
  private child: ChildProcess | null = null
  private readonly script: string
  private readonly args: ReaderArguments
  private readonly drops: boolean
  private errors = ''

  /** @param drops start it as another user. */
  constructor(script: string, args: ReaderArguments, drops: boolean) {
    this.script = script
    this.args = args
    this.drops = drops
  }

  get running(): boolean {
    return this.child !== null
  }

  start(): void {
    const user = this.drops ? { uid: OTHER_USER, gid: OTHER_USER } : {}
    const child = spawn(process.execPath, [this.script, JSON.stringify(this.args)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    })
    this.child = child
    child.stderr.on('data', (text: Buffer) => (this.errors += text.toString()))
    createInterface(child.stdout).on('line', (line) => this.hear(JSON.parse(line) as Said))
  }

  /** kill -9. @throws when it had ended by itself. */
  async kill(): Promise<void> {
    const { child } = this
    if (child === null) return
    this.child = null
    if (child.exitCode !== null || !child.kill('SIGKILL')) throw new Error(`the reader ended: ${this.errors}`)
    await once(child, 'close')
    this.kills++
  }

  /** What the process is doing, for the report of a run that does not get on. */
  describe(): string {
    const pid = this.child?.pid
    const status = pid === undefined ? null : readFileSync(`/proc/${pid}/status`, 'utf8')
    const wait = pid === undefined ? '' : readFileSync(`/proc/${pid}/wchan`, 'utf8')
    return JSON.stringify({
      state: /State:\s*(.*)/.exec(status ?? '')?.[1] ?? 'not running',
      wait,
      said: Object.fromEntries(this.hints),
      stderr: this.errors.slice(-500),
    })
  }

  check(): void {
    if (this.child?.exitCode != null) throw new Error(`the reader ended: ${this.errors}`)
  }

  private hear(said: Said): void {
    if ('offset' in said) this.at.set(said.path, said)
    else {
      this.hints.set(said.path, said.hint)
      if (said.hint?.includes('disk is full') === true) this.full++
    }
  }
}
