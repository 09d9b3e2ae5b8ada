/** A real journal in a folder, written by systemd-journal-remote from the export format (systemd.io, "Journal Export
 *  Formats"), which needs no running systemd. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { needs } from '../needs.ts'

export interface Entry {
  /** Absent: an entry without MESSAGE. */
  message?: string | Buffer
  unit?: string
  /** Epoch ms; default now. */
  time?: number
  /** 32 hex digits. */
  boot?: string
  fields?: Record<string, string>
}

const BOOT = '0123456789abcdef0123456789abcdef'

export interface JournalFolder {
  path: string
  /** Appends to a journal file, `system.journal` by default. */
  write(entries: readonly Entry[], file?: string): Promise<void>
  remove(file?: string): void
}

export function journalFolder(): JournalFolder {
  const path = mkdtempSync(join(tmpdir(), 'halfopen-journal-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  let monotonic = 1_000_000
  return {
    path,
    async write(entries, file = 'system.journal') {
      const text = entries.map((entry) => exported(entry, (monotonic += 1000)))
      await run(needs('journal') as string, ['-o', join(path, file), '-'], Buffer.concat(text))
    },
    remove: (file = 'system.journal') => rmSync(join(path, file)),
  }
}

function exported(entry: Entry, monotonic: number): Buffer {
  const { message, unit = 'nginx.service', time = Date.now(), boot = BOOT, fields = {} } = entry
  const head = [
    `__REALTIME_TIMESTAMP=${Math.round(time * 1000)}`,
    `__MONOTONIC_TIMESTAMP=${monotonic}`,
    `_BOOT_ID=${boot}`,
    `_SYSTEMD_UNIT=${unit}`,
    'SYSLOG_IDENTIFIER=nginx',
    '_PID=12',
    ...Object.entries(fields).map(([name, value]) => `${name}=${value}`),
  ]
  const parts = [Buffer.from(`${head.join('\n')}\n`)]
  if (message !== undefined) {
    const bytes = Buffer.from(message)
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(BigInt(bytes.length))
    parts.push(Buffer.from('MESSAGE\n'), size, bytes, Buffer.from('\n'))
  }
  parts.push(Buffer.from('\n'))
  return Buffer.concat(parts)
}

function run(program: string, args: readonly string[], input: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${program} ended with ${code}: ${said}`))
    })
    child.stdin.end(input)
  })
}
