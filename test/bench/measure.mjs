/** Wall time and peak memory of whole commands, in turns, so that a slow minute of the machine hits all of them. */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const gnuTime = spawnSync('/usr/bin/time', ['--version'], { encoding: 'utf8' })
export const measuresMemory = gnuTime.status === 0 && `${gnuTime.stdout}${gnuTime.stderr}`.includes('GNU')

/** Runs a command to its end with its output in a file of `dir`.
 *  @returns wall time in seconds, peak memory in KiB (null: not measured), and where the output is */
export async function measure(command, dir) {
  const output = join(dir, 'output')
  const memory = join(dir, 'memory')
  const argv = measuresMemory ? ['/usr/bin/time', '-f', '%M', '-o', memory, ...command] : command
  const fd = openSync(output, 'w')
  const started = process.hrtime.bigint()
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', fd, 'inherit'] })
  const code = await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject))
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  closeSync(fd)
  if (code !== 0) throw new Error(`${command.join(' ')} exited with ${code}`)
  return {
    output,
    seconds,
    kib: measuresMemory ? Number(readFileSync(memory, 'utf8').trim().split('\n').at(-1)) : null,
  }
}

export const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

/** Medians of each command's seconds and the largest memory, over `runs` rounds. */
export async function inTurns(commands, runs, dir) {
  const taken = commands.map(() => [])
  for (let run = 0; run < runs; run++)
    for (const [i, command] of commands.entries()) taken[i].push(await measure(command, dir))
  return taken.map((results) => ({
    seconds: median(results.map(({ seconds }) => seconds)),
    mib: Math.max(...results.map(({ kib }) => kib ?? 0)) / 1024,
  }))
}
