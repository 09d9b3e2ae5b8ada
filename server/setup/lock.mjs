/** One set-up at a time in a checkout: a folder as lock, since mkdir is atomic everywhere, network mounts included. */
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { say } from './run.mjs'

const POLL_MS = 250
/** The holder touches its lock this often, which tells a live holder from a reused process id. */
const HEARTBEAT_MS = 2_000
/** Polls without a heartbeat after which the holder counts as dead: 20 s. Counted in our own polls and not by
 *  the clock, so that neither a suspended laptop nor a skewed network mount makes a live lock look old. */
const SILENT_POLLS = 80

/** Runs `work` while holding the lock folder `path`; waits for another holder, takes over from a dead one. */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true })
  await acquire(path)
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    rmSync(path, { recursive: true, force: true })
  }
}

async function acquire(path) {
  let silent = 0
  let lastBeat = 0
  let told = false
  while (!tryCreate(path)) {
    const owner = readOwner(path)
    const beat = beatOf(path)
    silent = beat === lastBeat ? silent + 1 : 0
    lastBeat = beat
    if (isDead(owner) || silent >= SILENT_POLLS) {
      evict(path, owner)
      silent = 0
    } else if (!told && owner) {
      say(`another set-up is running in this checkout (process ${owner.pid}); waiting for it`)
      told = true
    }
    await wait(POLL_MS)
  }
}

function tryCreate(path) {
  try {
    mkdirSync(path)
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: process.pid, host: hostname() }))
  return true
}

/** Removes a dead lock. Two waiters may judge the same lock dead: the second lock decides who removes it, and
 *  the owner is read again under it, so that nobody removes the lock a quicker waiter has just made. */
function evict(path, dead) {
  const guard = `${path}.evict`
  try {
    mkdirSync(guard)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    // Held for microseconds; one older than that was left by a killed process.
    if (Date.now() - beatOf(guard) > 10_000) rmSync(guard, { recursive: true, force: true })
    return
  }
  try {
    if (JSON.stringify(readOwner(path)) === JSON.stringify(dead)) rmSync(path, { recursive: true, force: true })
  } finally {
    rmSync(guard, { recursive: true, force: true })
  }
}

/** Null between mkdir and the write of the file, and for a holder killed between the two. */
function readOwner(path) {
  try {
    return JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'))
  } catch {
    return null
  }
}

function isDead(owner) {
  // A process id of another machine or container says nothing here; its heartbeat does.
  if (!owner || owner.host !== hostname()) return false
  try {
    process.kill(owner.pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function beatOf(path) {
  try {
    return statSync(path).mtimeMs
  } catch {
    return 0
  }
}

function touch(path) {
  try {
    const now = new Date()
    utimesSync(path, now, now)
  } catch {
    // Removed by hand while we work: the work goes on, and only the lock is gone.
  }
}
