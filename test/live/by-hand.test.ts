/** A night with the dashboard in a real browser: somebody mutes, notes, resolves and takes it back; a receiver is tried, and a
 *  message that was given up is sent again. The receiver is a real one. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startReceiver, type WebhookReceiver } from '../alerts/receiver.ts'
import { describeWith } from '../needs.ts'
import { refused } from '../serve/lines.ts'
import { openBrowser, type Watched } from './harness/browser.ts'
import { until } from './harness/deadline.ts'
import { belowFooter, expectTextOnly, faultsOf } from './harness/page-checks.ts'
import { serve, type Served } from './harness/serve.ts'

const NOTE = '<img src=x onerror="window.pwned=1"> asked Eve \u202E to restart it'

describeWith('chromium', 'decisions and alerts', ({ chromium }) => {
  const dir = mkdtempSync(join(tmpdir(), 'halfopen-by-hand-'))
  const log = join(dir, 'error.log')
  let hook: WebhookReceiver
  let server: Served
  let watched: Watched
  let page: Page
  const types = () => hook.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)
  const problem = async () => (await server.problems())[0]

  beforeAll(async () => {
    hook = await startReceiver()
    writeFileSync(log, '')
    const alerts = `alerts:\n  webhook: {url: "${hook.url}", name: pager}\n  rules: {name: all, cooldown: 0s}\n`
    server = await serve(dir, [log], `timezone: UTC\n${alerts}`)
    watched = await openBrowser(chromium, server.base)
    page = watched.page
    // The first message is refused for good, and so a dead letter.
    hook.answer((response) => void response.writeHead(400).end('<b>canary</b>'))
    appendFileSync(log, refused(Date.now()))
    await until('a dead letter', async () => (await problem()) !== undefined && types().length === 1)
  })
  afterAll(async () => {
    await watched?.close()
    await server?.stop('SIGKILL')
    await hook?.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
  const badge = (text: string) => page.locator('.problem-facts .badge', { hasText: text }).first().waitFor()
  const step = (text: string) => page.locator('.steps-list li', { hasText: text }).last().waitFor()

  it('tries a receiver, shows what it answered, and sends a dead letter again', async () => {
    await page.goto(`${server.base}/#/alerts`)
    await page.locator('.deliveries .badge', { hasText: 'Given up' }).waitFor()
    await page.getByRole('heading', { name: 'Messages, 1 given up' }).waitFor()
    await page.locator('.deliveries', { hasText: 'it was seen for the first time; rule all' }).waitFor()
    await page.locator('.preview', { hasText: '1 message in the last week' }).waitFor()
    await button('the last day').click()
    await page.locator('.preview', { hasText: '1 message in the last day' }).waitFor()
    expect(await page.locator('.preview tbody tr').count()).toBe(1)
    expect(await belowFooter(page)).toBeLessThan(3)
    await button('Send a test').click()
    await page.getByText('It did not arrive: answered 400').waitFor()
    hook.answer((response) => void response.writeHead(204).end())
    await button('Send a test').click()
    await page.getByText(/It arrived after \d+ ms, answered 204/).waitFor()
    expect(types()).toEqual(['problem.opened', 'test', 'test'])
    expect(await faultsOf(page)).toEqual([])
    await button(/^Send again/).click()
    await page.locator('.deliveries .badge', { hasText: 'Delivered' }).waitFor()
    expect(types()).toEqual(['problem.opened', 'test', 'test', 'problem.opened'])
    await page.getByRole('heading', { name: 'Messages', exact: true }).waitFor()
    await page.getByLabel('State').selectOption('dead')
    await page.getByText('None is like that.').waitFor()
    expect(await page.evaluate(() => document.body.innerText)).not.toMatch(/canary/)
    await expectTextOnly(page)
  }, 60_000)

  it('mutes for a day, until a date and until it comes back, and unmutes', async () => {
    const { id = '' } = (await problem()) ?? {}
    await page.goto(`${server.base}/#/problems/${id}`)
    await button('Mute…').click()
    expect(await faultsOf(page)).toEqual([])
    await button('1 day').click()
    await badge('Muted')
    await step('Muted until 2')
    const until1 = Date.parse((await problem())?.muted?.until ?? '')
    expect(Math.abs(until1 - Date.now() - 86_400_000)).toBeLessThan(60_000)
    await button('Unmute').click()
    await badge('Ongoing')
    await button('Mute…').click()
    await button('Until it comes back').click()
    await step('Muted until it has ended and comes back')
    await button('Unmute').click()
    await button('Mute…').click()
    await page.getByLabel('Until', { exact: true }).fill('2020-01-02T03:04')
    expect(await button('Mute until then').isEnabled()).toBe(false)
    await page.getByLabel('Until', { exact: true }).fill('2199-01-02T03:04')
    expect(await button('Mute until then').isEnabled()).toBe(false)
    const inTwoDays = new Date(Date.now() + 2 * 86_400_000)
    inTwoDays.setSeconds(0, 0)
    const field = new Date(inTwoDays.getTime() - inTwoDays.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
    await page.getByLabel('Until', { exact: true }).fill(field)
    await button('Mute until then').click()
    await badge('Muted')
    expect((await problem())?.muted?.until).toBe(inTwoDays.toISOString())
    await page.goto(`${server.base}/#/?state=muted`)
    await page.locator('.problem', { hasText: 'not announced until' }).waitFor()
    const before = types().length
    appendFileSync(log, refused(Date.now()))
    await until('it is counted', async () => (await problem())?.finding.count === 2)
    expect(types().length).toBe(before)
    await page.goto(`${server.base}/#/problems/${id}`)
    await button('Unmute').click()
    await badge('Ongoing')
  }, 60_000)

  it('notes, resolves and reopens, and shows when it came back', async () => {
    await page.getByLabel('Note', { exact: true }).fill(NOTE)
    await button('Add note').click()
    await page.locator('.note-text', { hasText: 'asked Eve \\u{202E}' }).waitFor()
    await button('Mark as resolved').click()
    await badge('Resolved by hand')
    await until('receivers hear of its end', () => types().at(-1) === 'problem.resolved')
    await button('Reopen').click()
    await badge('Ongoing')
    await button('Mark as resolved').click()
    await badge('Resolved by hand')
    appendFileSync(log, refused(Date.now()))
    await badge('Came back')
    await step('It came back')
    await until('receivers hear of its return', () => types().at(-1) === 'problem.opened')
    await expectTextOnly(page)
    expect(await faultsOf(page)).toEqual([])
    await page.goto(`${server.base}/#/`)
    await page.locator('.problem', { hasText: '1 note' }).waitFor()
    await page.locator('.problem a').first().click()
    await button(/^Delete/).click()
    await page.locator('.note-text').waitFor({ state: 'detached' })
    expect((await problem())?.notes).toBe(0)
    expect(watched.complaints).toEqual([])
  }, 60_000)

  it('marks alerts on the trends', async () => {
    await page.goto(`${server.base}/#/trends?range=1h`)
    await page.locator('.marks', { hasText: 'Dotted, with a head: alerts' }).waitFor()
    await page.locator('.chart canvas').first().waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(watched.complaints).toEqual([])
  }, 60_000)
})
