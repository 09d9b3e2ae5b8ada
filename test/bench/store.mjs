#!/usr/bin/env node
/** `npm run bench:store`: what the store costs. Commits a month of traffic the way `serve` does (real batches, positions and
 *  counts in one transaction, hours summed up in between), then times every question the dashboard asks, and deletes.
 *
 *  node --import tsx test/bench/store.mjs [--events 10m] [--days 30] [--runs 60] [--keep FILE]
 *
 *  Bars: p95 of every question of the dashboard at most 50 ms, at most 90 MB for a million events. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openSqliteStore } from '../../server/store/contract.ts'
import { openReadOnly } from '../../server/store/sqlite/driver.ts'
import { count } from './make-log.mjs'
import { traffic } from './store-traffic.mjs'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10m' },
    days: { type: 'string', default: '30' },
    runs: { type: 'string', default: '60' },
    keep: { type: 'string', default: '' },
  },
})
const events = count(values.events)
const days = Number(values.days)
const runs = Number(values.runs)
const folder = mkdtempSync(join(tmpdir(), 'halfopen-bench-store-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
process.once('SIGINT', () => process.exit(130))
const file = values.keep || join(folder, 'a.sqlite')

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const END = Date.UTC(2026, 10, 21, 8, 30)
const START = END - days * DAY
const print = (...cells) =>
  process.stdout.write(
    `${cells[0].padEnd(44)}${cells
      .slice(1)
      .map((cell) => String(cell).padStart(10))
      .join('')}\n`,
  )
const ms = (n) => n.toFixed(n < 10 ? 2 : 1)
const timed = (run) => {
  const began = performance.now()
  run()
  return performance.now() - began
}
/** Processor time: what is left of a measurement when others use the machine too. */
const spent = (run) => {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
const at = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * q) - 1)]

function build() {
  const batch = traffic(1)
  const store = openSqliteStore(file)
  const minutes = (END - START) / MINUTE
  const steps = { commit: [], tidy: [] }
  let made = 0
  let cpu = 0
  for (let minute = 0; minute < minutes; minute++) {
    // As many at night as a third of those at noon.
    const share = 1 - 0.5 * Math.cos((2 * Math.PI * (minute % 1440)) / 1440)
    const next = batch(START + minute * MINUTE, MINUTE, Math.round((events / minutes) * share))
    steps.commit.push(timed(() => (cpu += spent(() => store.commit(next)))))
    made += next.events.length
    if (minute % 60 === 0) for (let more = true; more;) steps.tidy.push(timed(() => (more = store.tidy())))
    if (minute % 4320 === 0 && process.stderr.isTTY) process.stderr.write(`\r${made} events`)
  }
  for (let more = true; more;) steps.tidy.push(timed(() => (more = store.tidy())))
  if (process.stderr.isTTY) process.stderr.write('\r')
  const total = steps.commit.reduce((sum, one) => sum + one, 0)
  const tidied = steps.tidy.reduce((sum, one) => sum + one, 0)
  print(
    'commit: events/s, µs an event, µs of cpu',
    ((made / total) * 1000).toFixed(0),
    ((total / made) * 1000).toFixed(2),
    ((cpu / made) * 1000).toFixed(2),
  )
  print('longest commit, longest step of summing up', ms(Math.max(...steps.commit)), ms(Math.max(...steps.tidy)))
  print('summing up and packing, share of commits', `${((100 * tidied) / total).toFixed(0)} %`)
  store.close()
  return made
}

/** [name, the question; its argument is a number from 0 to 1, another one for each run] */
const finding = (n) => ({
  scope: { server: null, path: ['/ws', '/push/ws', '/socket.io/'][n % 3], upstream: null, source: null },
})
const series = (range, step) => (store, r) => store.series(END - range - r * MINUTE, END - r * MINUTE, step)
const QUESTIONS = [
  ['trends, 1 h', series(HOUR, 60)],
  ['trends, 6 h', series(6 * HOUR, 300)],
  ['trends, 24 h', series(DAY, 1800)],
  ['trends, 24 h by minute', series(DAY, 60)],
  ['trends, 48 h, as fine as it gets', series(2 * DAY, 60)],
  ['trends, 7 d', series(7 * DAY, 7200)],
  ['trends, 30 d, as fine as it gets', series(30 * DAY, 60)],
  ['minutes that changed', (store) => store.series(END - MINUTE, END + MINUTE, 60)],
  [
    'lines of 100 problems',
    (store, r) => {
      for (let n = 0; n < 100; n++) store.sparkline(finding(n), END - DAY - r, END - r, 48)
    },
  ],
  ['events, newest 50', (store) => store.events({ cursor: null, limit: 50 })],
  ['events, 200 somewhere', (store, r) => store.events({ cursor: String(Math.ceil(r * events * 0.9)), limit: 200 })],
  ['by server, 24 h', (store) => store.counts({ from: END - DAY, to: END, stepSeconds: 300, by: 'server', where: {} })],
  ['by path, 7 d', (store) => store.counts({ from: END - 7 * DAY, to: END, stepSeconds: 60, by: 'path', where: {} })],
  ['by upstream, 30 d', (store) => store.counts({ from: START, to: END, stepSeconds: 60, by: 'upstream', where: {} })],
  ['by kind, 30 d', (store) => store.counts({ from: START, to: END, stepSeconds: 60, by: 'kind', where: {} })],
  [
    'status of one server, 30 d',
    (store) =>
      store.counts({
        from: START,
        to: END,
        stepSeconds: 60,
        by: 'status_class',
        where: { server: 'chat.example.org' },
      }),
  ],
  ...['handshake_latency', 'session_length'].flatMap((measure) => {
    const ask = (from, stepSeconds, where) => (store) =>
      store.quantiles({ measure, from, to: END, stepSeconds, quantiles: [0.5, 0.95, 0.99], where })
    return [
      [`${measure}, 24 h by minute`, ask(END - DAY, 60, {})],
      [`${measure}, 30 d by hour`, ask(START, 3600, {})],
      [`${measure}, 30 d, one figure`, ask(START, null, {})],
      [`${measure}, one path, 7 d`, ask(END - 7 * DAY, 3600, { path: '/socket.io/' })],
      [`${measure}, one path, 30 d`, ask(START, 86_400, { path: '/socket.io/' })],
    ]
  }),
]
/** Not asked by the page: read in the rhythm of diagnosis, and by GET /report. */
const OTHERS = [
  ['evidence of a day, for diagnosis', (store, r) => store.evidence(END - DAY - r * MINUTE, END)],
  ['evidence of 30 d, for a report', (store, r) => store.evidence(START + r * DAY, END)],
]

function ask(store, name, question) {
  const first = timed(() => question(store, 0.5))
  const cpu = []
  const wall = []
  for (let n = 0; n < runs; n++) wall.push(timed(() => cpu.push(spent(() => question(store, (n * 0.618) % 1)))))
  for (const times of [cpu, wall]) times.sort((a, b) => a - b)
  print(name, ms(first), ms(at(wall, 0.5)), ms(at(wall, 0.95)), ms(at(cpu, 0.5)), ms(at(cpu, 0.95)))
  return [at(wall, 0.95), at(cpu, 0.95)]
}

function sizes(made) {
  const db = openReadOnly(file)
  const bytes = statSync(file).size
  print('bytes per million events', `${((bytes / made) * 1).toFixed(1)} MB`, `bar 90`)
  try {
    const rows = db.prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 9').all()
    for (const row of rows) print(`  ${row.name}`, `${(row.bytes / made).toFixed(1)} MB`)
  } catch {
    // A driver without dbstat.
  }
  db.close()
}

process.stdout.write(`${events} events in ${days} days; Node ${process.version}; ms\n\n`)
const made = existsSync(file) && values.keep ? events : build()
sizes(made)
const store = openSqliteStore(file)
process.stdout.write('\n')
print('question', 'first', 'p50', 'p95', 'cpu p50', 'cpu p95')
const slowest = QUESTIONS.map(([name, question]) => ask(store, name, question))
print(
  'slowest p95, bar 50',
  '',
  '',
  ms(Math.max(...slowest.map(([wall]) => wall))),
  '',
  ms(Math.max(...slowest.map(([, cpu]) => cpu))),
)
process.stdout.write('\n')
for (const [name, question] of OTHERS) ask(store, name, question)
if (!values.keep) {
  const steps = []
  for (let more = true; more;) steps.push(timed(() => (more = store.expire(START + (days / 6) * DAY))))
  steps.sort((a, b) => a - b)
  print(
    'deleting 5 days: steps, p50, p99, longest',
    steps.length,
    ms(at(steps, 0.5)),
    ms(at(steps, 0.99)),
    ms(steps.at(-1)),
  )
}
store.close()
