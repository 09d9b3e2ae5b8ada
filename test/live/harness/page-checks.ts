/** What every page must stand: axe, and log text that stays text. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const UNSEEN = /[\u200B-\u200F\u202A-\u202E\u2066-\u2069\u001b]/u

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
}

/** `rule: element` of everything axe complains of. */
export async function violations(page: Page, only: string[] = []): Promise<string[]> {
  await page.evaluate(AXE)
  const result = await page.evaluate(
    async (rules) =>
      (await (Reflect.get(window, 'axe') as { run(options: object): Promise<unknown> }).run(
        rules.length === 0 ? {} : { runOnly: rules },
      )) as {
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
      },
    only,
  )
  return (result as AxeResult).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary.slice(0, 200)}`),
  )
}

export async function expectTextOnly(page: Page): Promise<void> {
  expect(await page.evaluate(() => Reflect.get(window, 'pwned'))).toBeUndefined()
  expect(await page.locator('img, svg[onload], [onerror], [onload], a[href^="javascript:" i]').count()).toBe(0)
  expect(await page.evaluate(() => document.body.innerText)).not.toMatch(UNSEEN)
}

/** Everything axe complains of in either scheme, and how far the page is too wide for a phone. */
export async function faultsOf(page: Page): Promise<string[]> {
  const found: string[] = []
  // Everything that can be opened is.
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)))
  for (const violation of await violations(page)) found.push(`light ${violation}`)
  await page.emulateMedia({ colorScheme: 'dark' })
  // Only colours are another.
  for (const violation of await violations(page, ['color-contrast'])) found.push(`dark ${violation}`)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 390, height: 844 })
  const width = await page.evaluate(() => document.documentElement.scrollWidth)
  if (width > 390) found.push(`${width} wide on a phone`)
  const beyond = await belowFooter(page)
  if (beyond > 2) found.push(`${beyond} of nothing below the footer on a phone`)
  await page.setViewportSize({ width: 1280, height: 900 })
  return found
}

/** How much longer the page is than what it shows, when its tables are long. */
export function belowFooter(page: Page): Promise<number> {
  return page.evaluate(() => {
    const rows = [...document.querySelectorAll('.table-scroll tbody tr')]
    const more = rows.flatMap((row) => Array.from({ length: 100 }, () => row.cloneNode(true) as Element))
    for (const [n, row] of more.entries()) rows[Math.floor(n / 100)]?.after(row)
    const shown = document.querySelector('footer')?.getBoundingClientRect().bottom ?? 0
    const beyond = document.documentElement.scrollHeight - (shown + window.scrollY)
    for (const row of more) row.remove()
    return Math.round(beyond)
  })
}
