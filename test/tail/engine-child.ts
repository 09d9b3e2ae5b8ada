/** Asks an engine as a user who may not: root may everything. Prints what it is told. */
import { Engine } from '../../server/tail/docker/engine.ts'

const engine = new Engine({ socketPath: process.argv[2] ?? '' })
if (process.geteuid?.() === 0) process.seteuid?.(65_534)
try {
  await engine.inspect('web')
} catch (error) {
  process.stdout.write(error instanceof Error ? error.message : 'no error')
}
