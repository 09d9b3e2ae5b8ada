/** The Config page in a real browser against a real nginx whose location lacks its headers: what is wrong and in which line, a
 *  probe and a proof step by step, and the patch of a problem proven. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../needs.ts'
import { request } from '../serve/lines.ts'
import { openBrowser, type Watched } from './harness/browser.ts'
import { until } from './harness/deadline.ts'
import { expectTextOnly, faultsOf } from './harness/page-checks.ts'
import { serve, type Served } from './harness/serve.ts'
import { startMixedSite, type MixedSite } from './harness/site.ts'

describeWith(['nginx', 'chromium'], 'the config page', ({ chromium }) => {
  const dir = mkdtempSync(join(tmpdir(), 'halfopen-config-page-'))
  const log = join(dir, 'access.log')
  let site: MixedSite
  let server: Served
  let watched: Watched
  let page: Page

  beforeAll(async () => {
    site = await startMixedSite()
    writeFileSync(log, '')
    server = await serve(dir, [log], `timezone: UTC\nnginx_config: ${site.nginx.configFile}\n`)
    watched = await openBrowser(chromium, server.base)
    page = watched.page
    appendFileSync(log, request(Date.now(), 426).repeat(5))
    await until('a patch', async () => (await server.problems()).some(({ finding }) => finding.fix.patch !== null))
  })
  afterAll(async () => {
    await watched?.close()
    await server?.stop('SIGKILL')
    await site?.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const button = (name: string) => page.getByRole('button', { name, exact: true })

  it('says what is wrong in which line', async () => {
    await page.goto(`${server.base}/#/config`)
    const fault = page.locator('.lint', { hasText: /Upgrade/ }).first()
    await fault.waitFor()
    expect(await fault.innerText()).toMatch(/nginx\.conf:\d+/)
    await page.getByRole('button', { name: /^Show \d+ remarks?, too$/ }).click()
    await button('Faults only').waitFor()
    expect(await faultsOf(page)).toEqual([])
  }, 60_000)

  it('probes and proves an address step by step', async () => {
    const { port } = site.nginx
    await page.goto(`${server.base}/#/config?url=${encodeURIComponent(`ws://app.test:${port}/ws`)}`)
    await button('Probe it').click()
    await page.locator('.run-step', { hasText: 'failed' }).first().waitFor()
    await page.locator('.notice.bad').waitFor()
    await page.getByText('The same on the command line').click()
    await page.getByText(`--connect 127.0.0.1:${port}`).waitFor()
    expect(await faultsOf(page)).toEqual([])
    await button('Prove it in a copy').click()
    await page.locator('.run-step', { hasText: 'The configuration as it is' }).waitFor({ timeout: 30_000 })
    await page.locator('.notice.bad').waitFor()
    await page.goto(`${server.base}/#/config?url=${encodeURIComponent(`ws://app.test:${port}/ok/socket`)}`)
    await button('Probe it').click()
    await page.locator('.notice.good', { hasText: 'The WebSocket works' }).waitFor({ timeout: 20_000 })
    await expectTextOnly(page)
  }, 90_000)

  it('probes and proves a problem from its own page', async () => {
    const problem = (await server.problems()).find(({ finding }) => finding.fix.patch !== null)
    await page.goto(`${server.base}/#/problems/${problem?.id ?? ''}`)
    const address = page.getByLabel('Address', { exact: true })
    await page.getByText('location /ws in').waitFor()
    expect(await address.inputValue()).toBe(`ws://app.test:${site.nginx.port}/ws`)
    await button('Probe it').click()
    await page.locator('.run-step', { hasText: '426' }).first().waitFor()
    await page.locator('.notice.bad').waitFor()
    await until('the probe is over', () => button('Prove the patch').isEnabled())
    await button('Prove the patch').click()
    await page.locator('.try-problem .notice.good').waitFor({ timeout: 30_000 })
    expect(await page.locator('.run-step').allInnerTexts()).toEqual([
      expect.stringMatching(/^failed[^]*before[^]*426/),
      expect.stringMatching(/^ok[^]*after[^]*101/),
    ])
    expect(await faultsOf(page)).toEqual([])
    // Another address is another trial.
    await address.fill('not an address')
    await button('Probe it').click()
    await page.getByText('expected an address such as wss://host/path').waitFor()
    expect(await page.locator('.run-step').count()).toBe(0)
    await expectTextOnly(page)
    // That one was refused on purpose.
    watched.complaints.splice(0)
  }, 90_000)

  it('proves the patch of a problem, and can be stopped', async () => {
    await page.goto(`${server.base}/#/config`)
    await button('Prove the patch').first().click()
    await button('Stop').click()
    await page.getByText('Stopped.').waitFor()
    await until('it is over', async () => {
      await button('Prove the patch').first().click()
      await page.locator('.try-it .said-bad, .run-step').first().waitFor({ timeout: 30_000 })
      return (await page.locator('.run-step').count()) > 0
    })
    await page.locator('.notice.good').waitFor({ timeout: 30_000 })
    expect(await page.locator('.run-step').allInnerTexts()).toEqual([
      expect.stringMatching(/^failed[^]*before[^]*426/),
      expect.stringMatching(/^ok[^]*after[^]*101/),
    ])
    expect(await faultsOf(page)).toEqual([])
    // One was refused while the stopped one was still ending.
    expect(watched.complaints.filter((text) => !/503/.test(text))).toEqual([])
  }, 90_000)
})
