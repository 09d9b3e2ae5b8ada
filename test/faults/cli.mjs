#!/usr/bin/env node
/** The long form of the fault suite: node test/faults/cli.mjs [--runs 300] [--seed N[,N…]] */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '300' }, seed: { type: 'string' } } })
const child = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', 'test/faults/faults.test.ts'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      HALFOPEN_TEST_FAULTS: values.runs,
      ...(values.seed === undefined ? {} : { HALFOPEN_TEST_SEED: values.seed }),
    },
  },
)
child.once('exit', (code) => (process.exitCode = code ?? 1))
