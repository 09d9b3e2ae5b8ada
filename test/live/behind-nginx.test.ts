/** The dashboard behind a real nginx, below a path: live where the proxy lets the stream through, and where it holds it back, asking
 *  every few seconds and telling how to mend that. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../needs.ts'
import { request } from '../serve/lines.ts'
import { openBrowser, type Watched } from './harness/browser.ts'
import { MAP, siteConfig, UPGRADE_LINES } from './harness/config.ts'
import { until } from './harness/deadline.ts'
import { startNginx, type Nginx } from './harness/nginx.ts'
import { faultsOf } from './harness/page-checks.ts'
import { serve, type Served } from './harness/serve.ts'

/** The path is cut off by the slash behind the port, or passed on as base_path expects it. */
const location = (path: string, target: string, body = ''): string => `        location ${path} {
            proxy_pass ${target};
            proxy_set_header Host 127.0.0.1;
${body}        }
`
const HELD = '            proxy_ignore_headers X-Accel-Buffering;\n'
const ZIPPED =
  '            gzip on;\n            gzip_types text/event-stream application/json;\n            gzip_proxied any;\n'
const MENDED = `${HELD}            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_cache off;
            proxy_read_timeout 1h;
`

describeWith(['nginx', 'chromium'], 'behind nginx', ({ chromium }) => {
  const dir = mkdtempSync(join(tmpdir(), 'halfopen-behind-'))
  const log = join(dir, 'access.log')
  let server: Served
  let nginx: Nginx
  let watched: Watched
  let page: Page

  beforeAll(async () => {
    writeFileSync(log, request(Date.now(), 426).repeat(3))
    server = await serve(dir, [log], 'timezone: UTC\nbase_path: /sub\n')
    const port = new URL(server.base).port
    const own = `http://127.0.0.1:${port}`
    nginx = await startNginx((site) =>
      siteConfig(site, {
        http: MAP,
        locations:
          location('/sub/', own) +
          location('/plain/', `${own}/sub/`) +
          location('/tools/socket/', `${own}/sub/`, UPGRADE_LINES) +
          location('/zipped/', `${own}/sub/`, ZIPPED) +
          location('/held/', `${own}/sub/`, HELD) +
          location('/mended/', `${own}/sub/`, MENDED),
      }),
    )
    watched = await openBrowser(chromium, nginx.http)
    page = watched.page
  })
  afterAll(async () => {
    await watched?.close()
    await nginx?.close()
    await server?.stop('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  const shows = (text: string) => page.getByText(text).first().waitFor({ timeout: 15_000 })

  it.each(['/sub/', '/plain/', '/tools/socket/', '/zipped/', '/mended/'])(
    'is live at %s',
    async (path) => {
      await page.goto(`${nginx.http}${path}#/live`)
      await page.locator('.connection.live').waitFor({ timeout: 15_000 })
      const place = `/chat${path.replaceAll('/', '-')}x`
      appendFileSync(log, request(Date.now(), 426).replace('/ws', place))
      await shows(place)
      expect(await page.locator('.connection.live').count()).toBe(1)
      await page.goto(`${nginx.http}${path}#/`)
      await page.locator('.problem').first().waitFor()
      expect(watched.complaints).toEqual([])
    },
    60_000,
  )

  it('asks every few seconds where the stream is held back, says how to mend that, and still takes decisions', async () => {
    await page.goto(`${nginx.http}/held/#/live`)
    await page.locator('.connection.polling').waitFor({ timeout: 60_000 })
    await page.getByText('How to let it through').click()
    const lines = await page.locator('.code-block pre').first().innerText()
    // What it says is what the location /mended/ has, where it is live.
    expect(MENDED.replace(HELD, '').replaceAll(/^ +/gm, '')).toBe(`${lines.trim()}\n`)
    appendFileSync(log, request(Date.now(), 426).replace('/ws', '/chat-held'))
    await shows('/chat-held')
    expect(await faultsOf(page)).toEqual([])
    await page.goto(`${nginx.http}/held/#/`)
    await page.locator('.problem a').first().click()
    await page.getByRole('button', { name: 'Mark as resolved' }).click()
    await page.locator('.problem-facts .badge', { hasText: 'Resolved by hand' }).waitFor({ timeout: 15_000 })
    await until('the server knows', async () => (await server.problems()).some(({ state }) => state === 'resolved'))
    expect(watched.complaints).toEqual([])
  }, 120_000)
})
