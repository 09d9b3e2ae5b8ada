/** Tasks of a page's main thread, out of a trace of Chromium. */
import type { Browser, Page } from 'playwright-core'

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  /** Processor time, µs: on a busy machine a task also waits for the others'. */
  tdur?: number
  args?: { name?: string }
}

export const startTrace = (browser: Browser, page: Page): Promise<void> =>
  browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] })

/** Ends the trace. Processor time of every task since it began, ms. */
export async function tasksSince(browser: Browser): Promise<number[]> {
  const trace = await browser.stopTracing()
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] }
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  return traceEvents.flatMap(({ name, ph, pid, tid, tdur }) =>
    name.endsWith('RunTask') && ph === 'X' && tdur !== undefined && main.has(`${pid} ${tid}`) ? [tdur / 1000] : [],
  )
}
