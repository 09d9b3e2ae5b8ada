/** A first visit, when nothing is known yet: the page says what it watches, what it cannot see, and what to do; never that all is well. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { describeWith } from '../needs.ts'
import { request } from '../serve/lines.ts'
import { openBrowser } from './harness/browser.ts'
import { faultsOf } from './harness/page-checks.ts'
import { serve } from './harness/serve.ts'

describeWith('chromium', 'the first visit', ({ chromium }) => {
  it('explains itself on empty logs, and is a list of problems with the first of them', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'halfopen-first-run-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const log = join(dir, 'access.log')
    writeFileSync(log, '')
    const server = await serve(dir, [log], 'timezone: UTC\n')
    onTestFinished(async () => {
      await server.stop('SIGKILL')
    })
    const { page, complaints, close } = await openBrowser(chromium, server.base)
    onTestFinished(close)
    await page.goto(`${server.base}/`)
    await page.getByRole('heading', { name: 'Waiting for the first line' }).waitFor()
    await page.locator('.watched', { hasText: log }).waitFor()
    await page.getByText('npm start -- --demo').waitFor()
    await page.getByRole('heading', { name: /What these logs cannot show \(\d+\)/ }).waitFor()
    const all = await page.evaluate(() => document.body.innerText)
    expect(all).not.toMatch(/no problems/i)
    expect(await faultsOf(page)).toEqual([])
    for (const [hash, words] of [
      ['#/trends', 'No WebSocket traffic was read in this window.'],
      ['#/live', 'No line has said anything about WebSockets yet.'],
      ['#/alerts', 'No line is stored yet, so there is nothing to decide on.'],
      ['#/config', 'halfopen does not know your nginx configuration'],
    ]) {
      await page.goto(`${server.base}/${hash}`)
      await page.getByText(words ?? '').waitFor()
      expect([hash, await faultsOf(page)]).toEqual([hash, []])
    }
    appendFileSync(log, request(Date.now(), 426).repeat(5))
    await page.goto(`${server.base}/#/`)
    await page.locator('.problem').first().waitFor({ timeout: 15_000 })
    expect(await page.locator('.first-steps').count()).toBe(0)
    expect(complaints).toEqual([])
  }, 120_000)
})
