#!/usr/bin/env node
/** `npm run bench:dashboard`: what a reader waits for, in a real Chromium, with a month of traffic in the database of a real server.
 *
 *  node --import tsx test/bench/dashboard.mjs [--events 10m] [--days 30] [--runs 9] [--seconds 10] [--keep FOLDER]
 *
 *  Bars: first load at most 130 KB of gzip JavaScript, problems to read and a page that answers within 1 s, another range of the
 *  Trends drawn within 200 ms, no task of the main thread above 50 ms (of processor time) at 500 events a second. The browser starts
 *  with an empty cache each time. Medians of the wall clock, and of the processor time of the page's main thread and of the server,
 *  which is what is left of a measurement when others use the machine (the server's on Linux only). `--keep` makes the database once; it is used again as long as
 *  it is an hour young, since a database whose newest hours are empty is easier to show. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { openSqliteStore } from '../../server/store/contract.ts'
import { findProgram } from '../../server/setup/programs.mjs'
import { openBrowser } from '../live/harness/browser.ts'
import { serve } from '../live/harness/serve.ts'
import { startTrace, tasksSince } from '../live/harness/trace.ts'
import { count } from './make-log.mjs'
import { median } from './measure.mjs'
import { traffic } from './store-traffic.mjs'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10m' },
    days: { type: 'string', default: '30' },
    runs: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '10' },
    keep: { type: 'string', default: '' },
  },
})
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const PER_SECOND = 500
const RANGES = ['6 h', '24 h', '7 d', '1 h']
const events = count(values.events)
const days = Number(values.days)
const runs = Number(values.runs)
const chromium = findProgram('chromium')
if (chromium === null) {
  process.stderr.write('bench: no chromium; on Debian: apt-get install chromium\n')
  process.exit(2)
}
const folder = values.keep || mkdtempSync(join(tmpdir(), 'halfopen-bench-dashboard-'))
if (!values.keep) process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
process.once('SIGINT', () => process.exit(130))
mkdirSync(folder, { recursive: true })
const database = join(folder, 'halfopen.sqlite')
const log = join(folder, 'access.log')

const ms = (n) => n.toFixed(n < 10 ? 1 : 0)
const print = (...cells) =>
  process.stdout.write(
    `${cells[0].padEnd(44)}${cells
      .slice(1)
      .map((cell) => String(cell).padStart(10))
      .join('')}\n`,
  )

/** Minutes of traffic up to now, committed as `serve` does. */
function build() {
  const batch = traffic(1)
  const store = openSqliteStore(database)
  const minutes = days * 1440
  const start = Math.floor(Date.now() / MINUTE) * MINUTE - minutes * MINUTE
  for (let minute = 0; minute < minutes; minute++) {
    const share = 1 - 0.5 * Math.cos((2 * Math.PI * (minute % 1440)) / 1440)
    store.commit(batch(start + minute * MINUTE, MINUTE, Math.round((events / minutes) * share)))
    if (minute % 60 === 0) while (store.tidy());
  }
  while (store.tidy());
  store.close()
}

const line = (n) => {
  const [, day, month, year, clock] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date().toUTCString()) ?? []
  return `192.0.2.1 - - [${day}/${month}/${year}:${clock} +0000] "GET /ws/${n} HTTP/1.1" 426 12 "-" "Mozilla/5.0"\n`
}

/** Processor time of the server so far, ms. */
function serverTime() {
  try {
    const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return NaN
  }
}

/** Runs `work`, which answers with ms; what it took of the page's main thread and of the server beside that. */
async function costs(page, work) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  const task = async () =>
    (await devtools.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value * 1000
  const before = [await task(), serverTime()]
  const wall = await work()
  const after = [await task(), serverTime()]
  await devtools.detach()
  return { wall, page: after[0] - before[0], server: after[1] - before[1] }
}
const row = (name, bar, all) => {
  const of = (key) => all.map((one) => one[key])
  print(
    name,
    bar,
    ms(median(of('wall'))),
    ms(Math.max(...of('wall'))),
    ms(median(of('page'))),
    ms(median(of('server'))),
  )
}

/** Resolves with the ms since the page was asked for, once `selector` is there and a task that was put off then has run. */
const readyAt = (page, selector) =>
  page.evaluate(async (wanted) => {
    while (document.querySelector(wanted) === null) await new Promise((resolve) => setTimeout(resolve))
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    return performance.now()
  }, selector)

/** A first visit: an empty cache, nothing compiled. */
async function visit(hash, selector) {
  const { page, close } = await openBrowser(chromium, server.base)
  try {
    const cost = await costs(page, async () => {
      await page.goto(`${server.base}/${hash}`, { waitUntil: 'commit' })
      return readyAt(page, selector)
    })
    const script = await page.evaluate(() =>
      performance.getEntriesByType('resource').flatMap(({ name }) => (name.endsWith('.js') ? [name] : [])),
    )
    return { ...cost, script }
  } finally {
    await close()
  }
}

/** From the click to the frame in which everything of the other range is drawn: all that was asked for has come. */
const change = (page, word) =>
  page.evaluate(async (wanted) => {
    const link = [...document.querySelectorAll('.ranges a')].find(({ textContent }) => textContent === wanted)
    const { fetch } = window
    let open = 0
    window.fetch = async (...asked) => {
      open++
      try {
        return await fetch(...asked)
      } finally {
        open--
      }
    }
    const from = performance.now()
    link.click()
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    const drawn = () => document.querySelector('.charts')?.getAttribute('aria-busy') === 'false'
    while (link.getAttribute('aria-current') !== 'true' || !drawn() || open > 0) await frame()
    window.fetch = fetch
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    return performance.now() - from
  }, word)

writeFileSync(log, line(0))
const fresh = existsSync(database) && Date.now() - statSync(database).mtimeMs < HOUR
if (!fresh) {
  rmSync(database, { force: true })
  build()
}
const server = await serve(folder, [log])
process.once('exit', () => void server.stop('SIGKILL'))
process.stdout.write(`${values.events} events in ${days} days; Node ${process.version}; ${runs} runs; ms\n\n`)
print('', 'bar', 'median', 'longest', 'page cpu', 'server cpu')

const visits = async (hash, selector) => {
  const all = []
  for (let run = 0; run < runs; run++) all.push(await visit(hash, selector))
  return all
}
row('problems to read, page answers', 1000, await visits('#/', '.problem'))
const trends = await visits('#/trends', '.chart canvas')
row('trends, first visit', 1000, trends)
const loaded = new Set(trends.flatMap((one) => one.script))
const asset = (url) => readFileSync(new URL(`../../dist/web/assets/${url.split('/').at(-1)}`, import.meta.url))
const kib = [...loaded].reduce((sum, url) => sum + gzipSync(asset(url)).length, 0) / 1024
print('JavaScript of both, KB of gzip', 130, kib.toFixed(1))

const { page, browser, complaints, close } = await openBrowser(chromium, server.base)
await page.goto(`${server.base}/#/trends?range=1h`)
await page.locator('[data-chart="latency"] canvas').waitFor()
for (const word of RANGES) {
  const taken = []
  for (let run = 0; run < runs; run++) {
    taken.push(await costs(page, () => change(page, word)))
    await change(page, RANGES[(RANGES.indexOf(word) + 1) % RANGES.length])
  }
  row(`trends, to ${word}`, 200, taken)
}

await page.goto(`${server.base}/#/live`)
await page.locator('.connection.live').waitFor()
await startTrace(browser, page)
let written = 0
await new Promise((resolve) => {
  const timer = setInterval(() => {
    appendFileSync(log, Array.from({ length: PER_SECOND / 10 }, () => line(++written)).join(''))
    if (written < PER_SECOND * Number(values.seconds)) return
    clearInterval(timer)
    resolve()
  }, 100)
})
const tasks = (await tasksSince(browser)).toSorted((a, b) => a - b)
print(`live, longest task at ${PER_SECOND} events a second`, 50, ms(tasks.at(-1)))
await close()
await server.stop()
if (complaints.length > 0) throw new Error(complaints.join('\n'))
