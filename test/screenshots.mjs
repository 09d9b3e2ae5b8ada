/** `npm run screenshots`: every page of the demo, 1440 and 390 wide, light and dark, into web/screenshots/. WebP: a quarter of
 *  the size of PNG, and they are looked at, not compared. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { findProgram } from '../server/setup/programs.mjs'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const INTO = new URL('../web/screenshots/', import.meta.url)
const QUALITY = 60

const executablePath = findProgram('chromium')
if (executablePath === null) throw new Error('no chromium; on Debian: apt-get install chromium')

const port = await freePort()
const base = `http://127.0.0.1:${port}`
const server = spawn(
  process.execPath,
  [`${ROOT}server/cli/halfopen.cjs`, 'serve', '--demo', '--listen', `127.0.0.1:${port}`],
  { stdio: 'ignore' },
)
const root = process.getuid?.() === 0
const browser = await chromium.launch({ executablePath, args: root ? ['--no-sandbox'] : [] })
try {
  await until(async () => (await fetch(`${base}/readyz`)).ok)
  const worst = await until(async () => {
    const { problems } = await (await fetch(`${base}/api/v1/problems`)).json()
    return problems.find(({ finding, state }) => finding.cause === 'missing-upgrade-headers' && state !== 'imported')
  })
  const pages = [
    ['problems', '#/', '.problem'],
    ['problem', `#/problems/${worst.id}`, '.change'],
    ['trends', '#/trends?range=6h', '.chart canvas'],
    ['live', '#/live', '.event'],
    ['sources', '#/sources', '.source'],
    ['config', '#/config', '.panel'],
    ['analyze', '#/analyze', 'textarea'],
    ['settings', '#/settings', 'fieldset'],
  ]
  mkdirSync(INTO, { recursive: true })
  for (const width of [1440, 390]) {
    const page = await browser.newPage({ viewport: { width, height: width === 390 ? 844 : 900 } })
    const devtools = await page.context().newCDPSession(page)
    for (const [name, hash, ready] of pages) {
      await page.goto(`${base}/${hash}`)
      await page.locator(ready).first().waitFor()
      await page.locator('.connection.live').waitFor()
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        // Charts are drawn anew in the other colours.
        await page.waitForTimeout(400)
        const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
        writeFileSync(new URL(`${name}-${width}-${colorScheme}.webp`, INTO), Buffer.from(data, 'base64'))
      }
    }
    await page.close()
  }
} finally {
  await browser.close()
  server.kill('SIGTERM')
  await once(server, 'exit')
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port: free } = probe.address()
  probe.close()
  await once(probe, 'close')
  return free
}

/** The first answer that is something; the server may still be starting. */
async function until(ask) {
  for (const end = Date.now() + 60_000; ;) {
    const answer = await ask().catch(() => null)
    if (answer) return answer
    if (Date.now() > end) throw new Error('the demo did not get so far within a minute')
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
