/** Child of alerts.test.ts: problems begin and end, messages about them go out, until it is killed. What it decided is in
 *  the database alone: after a restart it goes on from there, as a server does. */
import { announce, decide, Outbox, Secret, type News, type ProblemRow } from '../../server/alerts/contract.ts'
import { webhook } from '../../server/alerts/channels/webhook.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { finding } from '../alerts/finding.ts'
import { Dice } from './dice.ts'

const [, , database, url, seed, problems, episodes] = process.argv
const store = openSqliteStore(String(database))
const dice = new Dice(Number(seed))
const receivers = ['a', 'b'].map((name) => ({
  name,
  channel: webhook,
  settings: { url: new Secret(`${url}/${name}`), secrets: [] },
}))
const outbox = new Outbox({
  store,
  receivers,
  user_agent: 'halfopen/faults',
  allow_private: false,
  now: Date.now,
  log: () => undefined,
  pauses: [5, 10, 20, 40],
})

/** One of them changes. `count` numbers its episodes: what a receiver must have heard of can be told from it. */
function change(): boolean {
  const rows = new Map(store.problems().map((row) => [row.id, row]))
  const unfinished = Array.from({ length: Number(problems) }, (_, n) => `p${n}`).filter((id) => {
    const row = rows.get(id)
    return row === undefined || row.state !== 'resolved' || row.finding.count < Number(episodes)
  })
  if (unfinished.length === 0) return false
  const news: News[] = []
  const changed: ProblemRow[] = []
  const now = Date.now()
  for (let n = dice.below(3); n >= 0; n--) {
    const id = dice.pick(unfinished)
    const previous = changed.find((row) => row.id === id) ?? rows.get(id) ?? null
    if (changed.some((row) => row.id === id)) continue
    const begins = previous === null || previous.state === 'resolved'
    if (begins && (previous?.finding.count ?? 0) >= Number(episodes)) continue
    const count = (previous?.finding.count ?? 0) + (begins ? 1 : 0)
    const over = { since: new Date(now).toISOString(), successes: 1, why: 'succeeded' as const }
    const seen = finding({ id, count, ...(begins ? {} : { over }) })
    // A clock that stands still must not make an occurrence an old one.
    const last_live = begins ? Math.max(now, (previous?.last_live ?? 0) + 1) : (previous?.last_live ?? null)
    const { decision, next } = decide(previous, {
      now,
      finding: seen,
      last_live,
      resolve_after: 3_600_000,
      watched_since: 0,
    })
    if (next === null || !decision.notify) continue
    changed.push(next)
    const around = { now, dashboard: '', tried: false }
    const kind = begins ? 'new' : 'resolved'
    news.push({ decision, rule: '', kind, row: next, around })
  }
  if (changed.length > 0) store.saveProblems(changed, announce(news, { receivers, rules: [], group_from: 3, now }))
  return true
}

process.stdout.write('ready\n')
let more = true
async function run(): Promise<void> {
  for (;;) {
    more = more && change()
    void outbox.flush()
    await new Promise((done) => setTimeout(done, 1 + dice.below(5)))
    if (!more && store.outboxCounts().waiting === 0) break
  }
  await outbox.close()
  store.close()
  process.stdout.write('done\n')
}
void run()
