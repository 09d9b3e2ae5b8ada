/** A real headless Chromium that writes down everything a page must not do. */
import { chromium, type Browser, type Page } from 'playwright-core'

export interface Watched {
  page: Page
  browser: Browser
  /** Console errors, uncaught errors, CSP violations, dialogs, failed or external requests, in words. */
  complaints: string[]
  close(): Promise<void>
}

/** Opens a blank page; only requests to `base` count as ours. */
export async function openBrowser(executablePath: string, base: string): Promise<Watched> {
  const root = process.getuid?.() === 0
  const browser: Browser = await chromium.launch({ executablePath, args: root ? ['--no-sandbox'] : [] })
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) complaints.push(`external request: ${request.url()}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`)
  })
  await page.exposeFunction('halfopenTestComplains', (text: string) => complaints.push(text))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const report = Reflect.get(window, 'halfopenTestComplains') as (text: string) => void
      report(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`)
    })
  })
  return { page, browser, complaints, close: () => browser.close() }
}
