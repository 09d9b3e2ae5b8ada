/** Every page of the dashboard in a real browser, on the logs of a site under attack: text stays text, axe finds nothing to
 *  complain of in either scheme, and the pages do what they are for. All of it below a path, as behind a proxy. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../needs.ts'
import { openBrowser, type Watched } from './harness/browser.ts'
import { until } from './harness/deadline.ts'
import { expectTextOnly, faultsOf, violations } from './harness/page-checks.ts'
import { serve, type Served } from './harness/serve.ts'
import { writeHostileLogs, type HostileLogs } from './hostile.ts'

describeWith('chromium', 'every page', ({ chromium }) => {
  const dir = mkdtempSync(join(tmpdir(), 'halfopen-pages-'))
  let logs: HostileLogs
  let server: Served
  let watched: Watched
  let page: Page

  beforeAll(async () => {
    logs = writeHostileLogs(dir, Date.now())
    server = await serve(dir, [logs.access, logs.error], `nginx_config: ${logs.config}\nbase_path: /below/halfopen\n`)
    await until('problems are found', async () => (await server.problems()).length > 1, { deadlineMs: 15_000 })
    watched = await openBrowser(chromium, server.base)
    page = watched.page
  })
  afterAll(async () => {
    await watched?.close()
    await server?.stop('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  const open = async (hash: string, ready: string) => {
    await page.goto(`${server.base}/${hash}`)
    await page.locator(ready).first().waitFor({ timeout: 10_000 })
  }

  it('is accessible in both schemes, fits a phone, and shows log text as text', async () => {
    const worst = (await server.problems()).map(({ id }) => id)
    const pages: [hash: string, ready: string][] = [
      ['#/', '.problem'],
      ...worst.slice(0, 1).map((id): [string, string] => [`#/problems/${id}`, '.change']),
      ['#/trends', '.chart canvas'],
      ['#/live', '.event'],
      ['#/sources', '.source'],
      ['#/config?url=wss://evil.example/chat', '.excerpt'],
      ['#/analyze', 'textarea'],
      ['#/alerts', '.deliveries'],
      ['#/settings', 'fieldset'],
      ['#/nowhere', 'h1'],
    ]
    const found: string[] = []
    for (const [hash, ready] of pages) {
      await open(hash, ready)
      for (const fault of await faultsOf(page)) found.push(`${hash} ${fault}`)
      await expectTextOnly(page)
    }
    expect(found).toEqual([])
    expect(watched.complaints).toEqual([])
  }, 90_000)

  it('filters problems, keeps that in the address, and goes by keyboard', async () => {
    await open('#/', '.problem')
    const all = await page.locator('.problem').count()
    await page.keyboard.press('/')
    await page.keyboard.type('refused')
    await until('the address says so', () => page.url().includes('q=refused'))
    const some = await page.locator('.problem').count()
    expect(some).toBeGreaterThan(0)
    expect(some).toBeLessThan(all)
    await page.reload()
    await page.locator('.problem').first().waitFor()
    expect(await page.locator('.problem').count()).toBe(some)
    await page.keyboard.press('?')
    await page.locator('dialog[open]').waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'hidden' })
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.locator('.change').waitFor()
    await page.keyboard.press('u')
    await page.locator('.problem').first().waitFor()
    expect(await page.locator('.problem').count()).toBe(all)
  }, 30_000)

  it('shows the lines around the evidence, and hands on a redacted report', async () => {
    const problem = (await server.problems()).find(({ finding }) => finding.cause === 'backend-down')
    await open(`#/problems/${problem?.id ?? ''}`, '.share')
    expect(await page.locator('mark').first().innerText()).toContain('connect() failed')
    await page.getByRole('button', { name: 'Lines around it' }).first().click()
    await page.locator('.excerpt .here').waitFor()
    await expectTextOnly(page)
    await page.getByText('Share', { exact: true }).click()
    const waiting = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save HTML' }).click()
    const html = readFileSync(await (await waiting).path(), 'utf8')
    expect(html).toContain('Connection refused')
    expect(html).not.toMatch(/evil\.example|192\.0\.2\.\d|<script|<img|<svg/)
  }, 30_000)

  it('hands on the Markdown that it shows, and one HTML file', async () => {
    const [problem] = await server.problems()
    await open(`#/problems/${problem?.id ?? ''}`, '.share')
    await page.getByText('Share', { exact: true }).click()
    await page.getByText('Look at it before you hand it on').click()
    const shown = await page.locator('.share-preview pre').textContent()
    expect(shown).toContain('### What to change')
    expect(shown).not.toMatch(/evil\.example|192\.0\.2\.\d/)
    const download = async (name: string) => {
      const waiting = page.waitForEvent('download')
      await page.getByRole('button', { name }).click()
      const file = await waiting
      return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') }
    }
    const cause = problem?.finding.cause ?? ''
    expect(await download('Save Markdown')).toEqual({ name: `halfopen-${cause}.md`, text: shown })
    const html = await download('Save HTML')
    expect(html.name).toBe(`halfopen-${cause}.html`)
    expect(html.text).toMatch(/^<!doctype html>/)
    expect(html.text).not.toMatch(/evil\.example|192\.0\.2\.\d|<script|<img|<svg/)
    await page.getByRole('button', { name: 'Copy Markdown' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    await expectTextOnly(page)
    expect(await violations(page)).toEqual([])
  }, 30_000)

  it('says when a report cannot be made, and makes it when the server is back', async () => {
    const [problem] = await server.problems()
    const before = watched.complaints.length
    // What a proxy in front answers, and no answer at all.
    const answers = [
      () => ({ status: 200, contentType: 'text/html', body: '<!doctype html><p>Sign in</p>' }),
      () => null,
    ]
    for (const answer of answers) {
      await page.route('**/api/v1/share?*', (route) => {
        const told = answer()
        return told === null ? route.abort() : route.fulfill(told)
      })
      await open('#/problems', '.problem')
      await open(`#/problems/${problem?.id ?? ''}`, '.share')
      await page.getByText('Share', { exact: true }).click()
      await page.locator('.share .notice').waitFor()
      expect(await page.locator('.share .notice').innerText()).toMatch(
        /could not be made.*(?:Something else|not answer)/,
      )
      expect(await page.getByRole('button', { name: 'Save HTML' }).count()).toBe(0)
      expect(await violations(page)).toEqual([])
      await page.unroute('**/api/v1/share?*')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('button', { name: 'Save HTML' }).waitFor()
      expect(await page.locator('.share .notice').count()).toBe(0)
    }
    const complaints = watched.complaints.splice(before)
    expect(complaints).toEqual(['console: Failed to load resource: net::ERR_FAILED'])
  }, 30_000)

  it('reads what is dropped and pasted, and shows the report', async () => {
    await open('#/analyze', 'textarea')
    await page.locator('input[type=file]').setInputFiles([logs.error, logs.config])
    await page.locator('.uploads li').nth(1).waitFor()
    expect(
      await page.locator('.uploads select').evaluateAll((all) => all.map((one) => (one as HTMLSelectElement).value)),
    ).toEqual(['log', 'config'])
    await page.locator('textarea').fill('192.0.2.9 - - [21/Nov/2026:06:13:35 +0000] "GET /api HTTP/1.1" 200 12 "-" "x"')
    await page.getByRole('button', { name: 'Analyze', exact: true }).click()
    await page.locator('.report-finding').first().waitFor({ timeout: 20_000 })
    await page.getByText('pasted.log').first().waitFor()
    await page.getByRole('button', { name: 'Save HTML' }).waitFor()
    expect(await page.locator('.share-preview pre').textContent()).toContain('### What to change')
    await page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)))
    await expectTextOnly(page)
    expect(await violations(page)).toEqual([])
    expect(watched.complaints).toEqual([])
  }, 60_000)

  it('zooms by dragging, compares, shows one place, and saves the numbers', async () => {
    await open('#/trends?range=6h', '[data-chart="lengths"] canvas')
    await page.getByText('60 s', { exact: true }).first().waitFor()
    await page.getByText('proxy_read_timeout').first().waitFor()
    const box = await page.locator('[data-chart="handshakes"] canvas').boundingBox()
    if (!box) throw new Error('no chart')
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 })
    await page.mouse.up()
    await until('the address has the window', () => /from=/.test(page.url()))
    const waiting = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save Handshakes as CSV' }).click()
    const csv = readFileSync(await (await waiting).path(), 'utf8')
    expect(csv.split('\r\n')[0]).toMatch(/^From,.*upgraded/)
    await page.getByRole('button', { name: 'Compare with the period before' }).click()
    await page.getByText('the period before (dashed)').first().waitFor()
    await page.getByLabel('Path').selectOption('/chat')
    await until('the address has the place', () => page.url().includes('path=%2Fchat'))
    await page
      .getByText(/failed with 4xx/)
      .first()
      .waitFor()
    expect(await violations(page)).toEqual([])
    expect(watched.complaints).toEqual([])
  }, 60_000)
})
