/** The live page while 500 lines a second are written: a real server reads them, and the page stays quick. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { describeWith } from '../needs.ts'
import { openBrowser } from './harness/browser.ts'
import { until } from './harness/deadline.ts'
import { serve } from './harness/serve.ts'
import { startTrace, tasksSince } from './harness/trace.ts'

const PER_SECOND = 500
const SECONDS = 3

const line = (n: number): string =>
  `192.0.2.1 - - [${new Date().toUTCString().slice(5, 25).replace(/ /, '/').replace(/ /, '/').replace(/ /, ':')} +0000] "GET /ws/${n} HTTP/1.1" 426 12 "-" "Mozilla/5.0"\n`

describeWith('chromium', 'the live page', ({ chromium }) => {
  it('has no long task at 500 events a second, and draws only what is in view', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'halfopen-flood-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const log = join(dir, 'access.log')
    writeFileSync(log, line(0))
    const server = await serve(dir, [log])
    onTestFinished(async () => {
      await server.stop('SIGKILL')
    })
    const { page, complaints, browser, close } = await openBrowser(chromium, server.base)
    onTestFinished(close)
    await page.goto(`${server.base}/#/live`)
    await page.locator('.connection.live').waitFor({ timeout: 10_000 })
    await startTrace(browser, page)
    let written = 0
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const lines = Array.from({ length: PER_SECOND / 10 }, () => line(++written))
        appendFileSync(log, lines.join(''))
        if (written >= PER_SECOND * SECONDS) {
          clearInterval(timer)
          resolve()
        }
      }, 100)
    })
    const shown = async () => Number((await page.locator('.toolbar [role=status]').innerText()).replace(/\D/g, ''))
    await until('most of them came', async () => (await shown()) > (PER_SECOND * SECONDS) / 2, { deadlineMs: 10_000 })
    expect(await page.locator('.event').count()).toBeLessThan(60)
    const tasks = await tasksSince(browser)
    expect(tasks.length).toBeGreaterThan(100)
    const long = tasks.filter((ms) => ms > 50)
    expect({ long, events: await shown() }).toMatchObject({ long: [] })
    expect(complaints).toEqual([])
  }, 60_000)

  it('asks every few seconds when the stream does not get through, and says how to mend that', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'halfopen-polling-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const log = join(dir, 'access.log')
    writeFileSync(log, line(0))
    const server = await serve(dir, [log])
    onTestFinished(async () => {
      await server.stop('SIGKILL')
    })
    const { page, close } = await openBrowser(chromium, server.base)
    onTestFinished(close)
    await page.route('**/api/v1/stream', (route) => route.abort())
    await page.goto(`${server.base}/#/live`)
    await page.locator('.connection.polling').waitFor({ timeout: 15_000 })
    await page.getByText('How to let it through').waitFor()
    for (const n of [7001, 7002]) {
      appendFileSync(log, line(n))
      await page.getByText(`/ws/${n}`).first().waitFor({ timeout: 9_000 })
    }
  }, 60_000)
})
