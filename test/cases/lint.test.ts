/** Every lint rule has cases that fire, where `# fires: SEVERITY` stands, and cases in which it must be quiet. A case without
 *  an `http` block stands in one; `# nginx 1.30.0` at its top is the version it is linted for. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lintConfig, RULES } from '../../server/lint/contract.ts'
import { configFromText } from '../../server/nginx-config/contract.ts'

const folder = new URL('./lint/', import.meta.url)

function lint(text: string) {
  const whole = /^http \{/m.test(text) ? text : `events {} http {\n${text}}\n`
  const loaded = configFromText(whole, '/etc/nginx/nginx.conf')
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const version = /^# nginx ([\d.]+)/.exec(text)?.[1] ?? null
  const lines = whole.split('\n')
  const marked = lines.flatMap((line, i) => {
    const severity = /# fires: (\w+)/.exec(line)?.[1]
    return severity === undefined ? [] : [`${i + 1} ${severity}`]
  })
  return { findings: lintConfig(loaded.config, version).findings, marked }
}

describe.each(RULES)('lint rule $id', ({ id, severity }) => {
  const files = readdirSync(new URL(`${id}/`, folder))
  const read = (file: string) => readFileSync(new URL(`${id}/${file}`, folder), 'utf8')
  const worst = new Set<string>()

  it('has cases that fire and cases that do not', () => {
    expect(files.some((file) => file.startsWith('fires-'))).toBe(true)
    expect(files.some((file) => file.startsWith('quiet-'))).toBe(true)
  })

  it.each(files.filter((file) => file.startsWith('fires-')))('%s', (file) => {
    const { findings, marked } = lint(read(file))
    const own = findings.filter(({ rule }) => rule === id)
    expect(own.map((finding) => `${finding.line} ${finding.severity}`).sort()).toEqual(marked.sort())
    expect(marked.length).toBeGreaterThan(0)
    for (const finding of own) worst.add(finding.severity)
  })

  it.each(files.filter((file) => file.startsWith('quiet-')))('%s', (file) => {
    expect(lint(read(file)).findings.filter(({ rule }) => rule === id)).toEqual([])
  })

  it('says the worst it reports', () => {
    const order = ['critical', 'error', 'warning', 'info']
    expect(order.find((one) => worst.has(one))).toBe(severity)
  })
})
