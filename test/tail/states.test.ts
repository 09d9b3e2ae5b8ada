import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { folder, follow } from './follow.ts'

/** Root reads everything: the test looks as somebody else. */
function asNobody(): void {
  if (process.geteuid?.() !== 0) return
  process.seteuid?.(65534)
  onTestFinished(() => process.seteuid?.(0))
}

it('names group and command when it may not read, and reads on once it may', async () => {
  const home = folder()
  const path = join(home, 'access.log')
  writeFileSync(path, 'one\n')
  chmodSync(home, 0o755)
  chmodSync(path, 0o000)
  const root = process.geteuid?.() === 0
  asNobody()
  const { poll, source, chunks } = follow(path)
  await poll()
  const { state, hint } = source.status()
  expect(state).toBe('unreadable')
  expect(hint).toContain(path)
  expect(hint).toContain('usermod -aG adm')
  expect(hint).toContain('sudo')
  if (root) process.seteuid?.(0)
  chmodSync(path, 0o644)
  await poll()
  // It was there all the time.
  expect(chunks).toMatchObject([{ text: 'one\n', history: true }])
  expect(source.status()).toMatchObject({ state: 'idle', hint: null })
})

it.each<[string, (path: string) => void, string]>([
  ['a directory', (path) => mkdirSync(path), 'directory'],
  ['a pipe', (path) => execFileSync('mkfifo', [path]), 'docker logs'],
  ['a device', (path) => symlinkSync('/dev/null', path), 'docker logs'],
  ['a link to itself', (path) => symlinkSync(path, path), 'ELOOP'],
])('refuses %s with a hint and does not hang', async (_, make, hint) => {
  const path = join(folder(), 'access.log')
  make(path)
  const { poll, source, states } = follow(path)
  await poll()
  await poll()
  expect(source.status()).toMatchObject({ state: 'unreadable', hint: expect.stringContaining(hint) })
  expect(states.length).toBe(1)
})

it('tells how far it is behind while it reads', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, `${'x'.repeat(99)}\n`.repeat(50_000))
  const lags: number[] = []
  const { poll, source, states } = follow(path, {
    take: ({ bytes }) => lags.push(source.status().lag_bytes) && bytes.length,
  })
  await poll()
  expect(lags).toEqual(lags.toSorted((a, b) => b - a))
  expect(lags[0]).toBe(5_000_000)
  expect(states.map(({ state }) => state)).toEqual(['reading', 'idle'])
  expect(source.status()).toEqual({ state: 'idle', hint: null, lag_bytes: 0 })
})
