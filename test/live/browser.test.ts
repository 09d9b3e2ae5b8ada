/** The dashboard in a real browser while a real nginx fails: the problem appears by itself, and log text stays text. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../needs.ts'
import { openBrowser, type Watched } from './harness/browser.ts'
import { rawHandshake, rawRequest } from './harness/client.ts'
import { until } from './harness/deadline.ts'
import { logged } from './harness/nginx.ts'
import { serve, type Served } from './harness/serve.ts'
import { startMixedSite, type MixedSite } from './harness/site.ts'

vi.setConfig({ testTimeout: 120_000 })

const APPEARS_WITHIN = 15_000
/** Right-to-left override, zero-width space, pop: they reorder or hide what a reader sees. */
const BIDI = '\u202Egnp.sj\u2066\u200B'
const BIDI_CHARACTERS = /[\u200B-\u200F\u202A-\u202E\u2066-\u2069]/u

interface Scene extends Watched {
  site: MixedSite
  server: Served
  shot: (name: string) => Promise<void>
}

async function scene(chromium: string): Promise<Scene> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-browser-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const shots = process.env['HALFOPEN_SCREENSHOTS'] ?? join(dir, 'screenshots')
  await mkdir(shots, { recursive: true })
  const site = await startMixedSite()
  onTestFinished(() => site.close())
  const server = await serve(dir, [site.nginx.accessLog, site.nginx.errorLog])
  onTestFinished(async () => {
    await server.stop('SIGKILL')
  })
  const watched = await openBrowser(chromium, server.base)
  onTestFinished(() => watched.close())
  const streaming = watched.page.waitForResponse((response) => response.url().includes('/api/v1/stream'))
  await watched.page.goto(`${server.base}/`)
  await streaming
  // Gone after a reload.
  await watched.page.evaluate(() => Reflect.set(window, 'sameDocument', true))
  return {
    ...watched,
    site,
    server,
    shot: async (name) => void (await watched.page.screenshot({ path: join(shots, `${name}.png`), fullPage: true })),
  }
}

/** The title of the open problem with this cause, as the service tells it. */
const titleOf = (server: Served, cause: string) =>
  until(
    `serve reports ${cause}`,
    async () => (await server.problems()).find(({ finding }) => finding.cause === cause)?.finding.title,
    { deadlineMs: APPEARS_WITHIN, state: () => server.said() },
  )

describeWith(['nginx', 'chromium'], 'the dashboard', ({ chromium }) => {
  it('shows missing upgrade headers while they happen, without a reload', async () => {
    const { page, site, server, complaints, shot } = await scene(chromium)
    await shot('1-nothing-yet')
    const started = Date.now()
    for (let round = 0; round < 4; round++) await site.round()
    const title = await titleOf(server, 'missing-upgrade-headers')
    const shown = page.getByText(title).first()
    await shown.waitFor({ timeout: Math.max(1, APPEARS_WITHIN - (Date.now() - started)) })
    await shot('2-problem-appeared')
    expect(await page.evaluate(() => Reflect.get(window, 'sameDocument'))).toBe(true)

    await shown.click()
    await page.getByText('proxy_set_header Upgrade $http_upgrade').first().waitFor({ timeout: 5_000 })
    await page.getByText('"GET /ws HTTP/1.1" 426').first().waitFor({ timeout: 5_000 })
    await shot('3-problem-open')
    await page.setViewportSize({ width: 390, height: 844 })
    await shot('3-problem-open-phone')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    expect(complaints).toEqual([])
  })

  it('shows hostile log text as text', async () => {
    const { page, site, server, complaints, shot } = await scene(chromium)
    const { port, errorLog } = site.nginx
    const markup = '<img/src=x/onerror=window.pwned=1>'
    const agent = `User-Agent: <img src=x onerror=window.pwned=2><script>window.pwned=3</script>${BIDI}`
    const referrer = `Referer: javascript:window.pwned=4//"><svg onload=window.pwned=5>${BIDI}`
    for (let attempt = 0; attempt < 3; attempt++) {
      await rawRequest(port, ...rawHandshake(`/ws/${markup}`, [agent, referrer]))
      await rawRequest(port, ...rawHandshake(`/ws/javascript:window.pwned=6`, [agent, referrer]))
      await rawRequest(port, ...rawHandshake(`/dead/${markup}${BIDI}`, [agent, referrer]))
    }
    await logged(errorLog, /connect\(\) failed.*onerror/, 3)
    for (const cause of ['backend-down', 'missing-upgrade-headers']) {
      const shown = page.getByText(await titleOf(server, cause)).first()
      await shown.waitFor({ timeout: APPEARS_WITHIN })
      await shown.click()
      // The evidence is there, as characters.
      await page.getByText('onerror=window.pwned').first().waitFor({ timeout: 5_000 })
      await expectTextOnly(page)
      await shot(`4-hostile-${cause}`)
      await page.goto(`${server.base}/`)
    }
    await page.getByRole('link', { name: 'Live', exact: true }).click()
    await page.getByText('onerror=window.pwned').first().waitFor({ timeout: 5_000 })
    await expectTextOnly(page)
    await shot('5-hostile-live')
    await page.getByRole('link', { name: 'Trends', exact: true }).click()
    await page.locator('canvas').first().waitFor({ timeout: 5_000 })
    await expectTextOnly(page)
    await shot('6-trends')
    await page.getByRole('link', { name: 'Sources', exact: true }).click()
    await page.getByText(site.nginx.errorLog).first().waitFor({ timeout: 5_000 })
    await shot('7-sources')
    expect(complaints).toEqual([])
  })
})

/** Nothing from a log became an element, ran, or kept a character that reorders text. */
async function expectTextOnly(page: Page): Promise<void> {
  expect(await page.evaluate(() => Reflect.get(window, 'pwned'))).toBeUndefined()
  expect(await page.locator('img[src="x"], svg[onload], [onerror], a[href^="javascript:" i]').count()).toBe(0)
  expect(await page.evaluate(() => document.body.innerText)).not.toMatch(BIDI_CHARACTERS)
}
