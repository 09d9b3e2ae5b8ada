import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CHANNELS, type Secret } from '../../server/alerts/contract.ts'
import { ConfigError, loadConfig } from '../../server/config.ts'
import { CASES } from '../alerts/channel-cases.ts'

const dir = mkdtempSync(join(tmpdir(), 'halfopen-config-alerts-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const load = (yaml: string, env: Record<string, string> = {}) => {
  const file = join(dir, 'halfopen.yaml')
  writeFileSync(file, yaml)
  return loadConfig({ file, cli: {}, env, cwd: join(dir, 'elsewhere') }).alerting
}
const message = (yaml: string, env: Record<string, string> = {}): string => {
  try {
    load(yaml, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('the configuration was accepted')
}
const reveal = (settings: unknown, key: string): string => (settings as Record<string, Secret>)[key]?.reveal() ?? ''

describe('alerts in halfopen.yaml', () => {
  it('have rules without any', () => {
    expect(load('')).toMatchObject({
      receivers: [],
      group_from: 5,
      allow_private: false,
      dashboard_url: null,
      rules: { settle: 0, quiet_hours: [], let_through: 'critical', maintenance: [] },
    })
    expect(load('').rules.rules).toMatchObject([
      { name: 'default', severity: 'warning', confidence: 0.5, channels: null, cooldown: 600_000, remind_every: null },
    ])
    expect(load('alerts: {default_rule: false}').rules.rules).toEqual([])
  })

  it('take every channel', () => {
    const list = CHANNELS.map(({ id }) => ({ type: id, ...CASES[id]?.settings }))
    const { receivers } = load(`alerts: ${JSON.stringify({ channels: list })}`)
    expect(receivers.map(({ name, channel }) => [name, channel.id])).toEqual(CHANNELS.map(({ id }) => [id, id]))
  })

  it('read secrets from the environment and from files beside the configuration', () => {
    writeFileSync(join(dir, 'token'), 'from-file\n')
    const { receivers } = load(
      'alerts:\n  channels:\n    - {type: gotify, name: a, url: https://g.example, token: {file: token}}\n' +
        '    - {type: gotify, name: b, url: https://g.example, token: {env: GOTIFY}}\n',
      { GOTIFY: 'from-env' },
    )
    expect(receivers.map(({ settings }) => reveal(settings, 'token'))).toEqual(['from-file', 'from-env'])
    expect(JSON.stringify(receivers)).not.toMatch(/from-(?:file|env)/)
  })

  it('leave a template as it is written', () => {
    const [one] = load(
      'alerts: {channels: {type: webhook, url: https://a.example, template: {file: "{{title}}"}}}',
    ).receivers
    expect(one?.settings).toMatchObject({ template: { file: '{{title}}' } })
  })

  it('read rules', () => {
    const { rules } = load(
      'alerts:\n  webhook: https://a.example\n  cooldown: 1h\n  quiet_hours: 22:00-07:00\n  let_through: none\n' +
        '  maintenance: [2026-12-01T22:00Z/2026-12-02T02:00Z, {when: Sun 02:00-04:00, host: "*.example"}]\n' +
        '  rules:\n    - {name: a, kind: [new, regressed], cause: backend-down, path: /ws/*, rate: 10 in 5m, channels: webhook}\n' +
        '    - {name: b, send: false, cooldown: 0s, remind_every: 4h}\n',
    )
    expect(rules.rules).toMatchObject([
      {
        name: 'a',
        kinds: ['new', 'regressed'],
        causes: ['backend-down'],
        rate: { count: 10, within: 300_000 },
        channels: ['webhook'],
        cooldown: 3_600_000,
      },
      { name: 'b', send: false, cooldown: 0, remind_every: 4 * 3_600_000 },
      { name: 'default', cooldown: 3_600_000 },
    ])
    expect(rules.let_through).toBeNull()
    expect(rules.maintenance).toMatchObject([
      { when: { from: Date.UTC(2026, 11, 1, 22), to: Date.UTC(2026, 11, 2, 2) }, host: null },
      { when: { days: [0], from: 120, to: 240 }, host: '*.example' },
    ])
  })

  it('are those of the README', () => {
    writeFileSync(join(dir, 'slack'), 'https://hooks.example/x')
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const [, yaml = ''] = /### Alerts\n[^]*?```yaml\n([^]*?)```/.exec(readme) ?? []
    const { receivers, rules } = load(yaml.replace('/run/secrets/slack', join(dir, 'slack')), {
      NTFY_TOPIC: 'topic',
      WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}`,
    })
    expect(receivers.map(({ name }) => name)).toEqual(['phone', 'ops', 'own'])
    expect(rules.rules.map(({ name }) => name)).toEqual(['logins', 'api', 'default'])
  })

  it.each([
    [
      'an unknown type',
      'channels: {type: slak, url: https://x.example}',
      'no channel of this type; known are webhook, slack',
    ],
    [
      'an unknown setting',
      'channels: [{type: slack, url: https://x.example, canal: x}]',
      'unknown key alerts.channels[0].canal',
    ],
    ['a missing setting', 'channels: [{type: gotify, url: https://x.example}]', 'alerts.channels[0]'],
    ['an address that is none', 'channels: [{type: slack, url: hunter2}]', 'not an http or https URL'],
    [
      'a secret that is not there',
      'channels: [{type: slack, url: {env: NOPE}}]',
      'alerts.channels[0].url: there is no NOPE',
    ],
    [
      'a file that is not there',
      'channels: [{type: slack, url: {file: nope}}]',
      'alerts.channels[0].url: nope cannot be read (ENOENT)',
    ],
    [
      'a weak signature',
      'channels: [{type: webhook, url: https://x.example, secrets: hunter2}]',
      'not a secret of Standard Webhooks',
    ],
    [
      'a name twice',
      'channels: [{type: slack, name: a, url: https://x.example}, {type: ntfy, name: a, topic: t}]',
      'two receivers are named a',
    ],
    [
      'a rule to nowhere',
      'rules: [{name: a, channels: [ops]}]',
      'alerts.rules[0].channels: no channel is named ops; add it to alerts.channels',
    ],
    ['a cause that is none', 'rules: [{name: a, cause: backend-dwon}]', 'no cause of this name'],
    ['a kind that is none', 'rules: [{name: a, kind: old}]', 'not one of new, regressed'],
    ['a rule of a taken name', 'rules: [{name: default}]', 'the name default is taken'],
    ['a rate that is none', 'rules: [{name: a, rate: often}]', 'not a rate such as 10 in 5m'],
    ['hours that are none', 'quiet_hours: at night', 'not hours such as 22:00-07:00'],
    [
      'a receiver of two',
      'webhook: [{url: "http://a", name: x}, {url: "http://b", name: x}]',
      'alerts.webhook[1].name: two',
    ],
    ['an unknown key', 'quiet: 22:00-07:00', 'unknown key alerts.quiet'],
    ['a group of one', 'group_from: 1', 'not a number from 2 to 1000'],
  ])('%s is refused, without its value', (_name, yaml, says) => {
    const said = message(`alerts:\n  ${yaml}\n`)
    expect(said).toContain(says)
    expect(said).toMatch(/^halfopen\.yaml:2:\d+: .+; \w/)
    expect(said).not.toContain('hunter2')
    expect(said).not.toContain('\n')
  })
})
