/** The built program, run the way a user runs it. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Finding, Report } from '../../../server/http/wire.ts'

export const ENTRY = fileURLToPath(new URL('../../../server/cli/halfopen.mjs', import.meta.url))

export interface Run {
  code: number
  stdout: string
  stderr: string
}

/** Runs `halfopen …` to its end; at most 30 s. */
export function halfopen(...args: string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ENTRY, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
      timeout: 30_000,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
  })
}

/** `halfopen analyze ARGS --output json`, parsed. Throws when it did not exit with 0. */
export async function analyze(...args: string[]): Promise<Report> {
  const run = await halfopen('analyze', ...args, '--output', 'json')
  if (run.code !== 0) throw new Error(`analyze exited with ${run.code}\n${run.stderr}${run.stdout}`)
  return JSON.parse(run.stdout) as Report
}

/** Findings a user must act on. A healthy run has none. */
export const problems = (report: Report): Finding[] => report.findings.filter(({ severity }) => severity !== 'info')

/** For assertion messages: the findings with their reasons, and the lines they were drawn from. */
export function told(report: Report, logs: Record<string, readonly string[]> = {}): string {
  const findings = report.findings.map(
    ({ cause, severity, confidence, count, title, because, against }) =>
      `  ${cause} ${severity} ${confidence} ×${count} "${title}"\n${because.map((why) => `    + ${why}\n`).join('')}${against.map((why) => `    - ${why}\n`).join('')}`,
  )
  const blind = report.blind_spots.map(({ what, why }) => `  blind: ${what} (${why})`)
  const input = Object.entries(logs).map(([name, text]) => `${name}:\n${text.slice(-12).join('\n')}`)
  return ['', 'findings:', ...findings, ...blind, ...input].join('\n')
}
