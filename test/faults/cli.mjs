#!/usr/bin/env node
/** The long form of the fault suites: node test/faults/cli.mjs [--alerts] [--runs N] [--seed N[,N…]]; logs 300 runs, alerts 200. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { alerts: { type: 'boolean', default: false }, runs: { type: 'string' }, seed: { type: 'string' } },
})
const suite = values.alerts
  ? { file: 'test/faults/alerts.test.ts', runs: 'HALFOPEN_TEST_ALERT_FAULTS', default: '200' }
  : { file: 'test/faults/faults.test.ts', runs: 'HALFOPEN_TEST_FAULTS', default: '300' }
const child = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', suite.file],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      [suite.runs]: values.runs ?? suite.default,
      ...(values.seed === undefined ? {} : { HALFOPEN_TEST_SEED: values.seed }),
    },
  },
)
child.once('exit', (code) => (process.exitCode = code ?? 1))
