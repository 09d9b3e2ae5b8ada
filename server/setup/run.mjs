/** Starting other programs during set-up, and saying what went wrong in one line. */
import { spawn } from 'node:child_process'

/** Set-up cannot go on; the message says what, where, and what to do. `code` lets test.mjs mend what it can. */
export class SetupError extends Error {
  constructor(message, code = 'failed') {
    super(message)
    this.code = code
  }
}

export const say = (text) => process.stderr.write(`halfopen: ${text}\n`)

/** One line for what the user can mend; a stack for what is a bug in set-up. */
export function reportFailure(error) {
  if (error instanceof SetupError) say(error.message)
  else console.error(error)
  process.exitCode ||= 1
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Runs a program to its end and resolves with its exit code (128 + signal number when a signal ended it).
 *  A signal sent to us goes on to it, and then ends us the same way: no orphaned npm behind a stopped `npm start`.
 *  stdout goes to stderr unless `stdio` says otherwise, because stdout belongs to the result of the command. */
export function run(command, args, { cwd, env = process.env, stdio = ['ignore', 2, 2] }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio })
    let received = null
    const forward = (signal) => {
      received = signal
      child.kill(signal)
    }
    for (const signal of FORWARDED) process.on(signal, forward)
    const detach = () => {
      for (const signal of FORWARDED) process.off(signal, forward)
    }
    child.on('error', (error) => {
      detach()
      reject(new SetupError(`${command} could not be started: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      detach()
      if (received) process.kill(process.pid, received)
      else resolve(code ?? (signal === 'SIGKILL' ? 137 : 143))
    })
  })
}
