/** From decisions to messages: who gets what, and several things at once in one message. */
import { randomBytes } from 'node:crypto'
import type { Decision, Kind, MessageType, OutboxRow, ProblemRow, Receiver } from './contract.ts'
import { fit } from './fit.ts'
import { bodyText, toldProblem, type Surroundings, type ToldProblem, type ToldSource } from './message.ts'
import type { Rule } from './rules.ts'

/** Problems in one message; the others are counted. 20 KB is what Standard Webhooks advises. */
const TOLD = 10

/** Something that happened and is to be told. */
export type News = {
  decision: Decision & { notify: true }
  rule: string
  kind: Kind
} & ({ row: ProblemRow; around: Surroundings } | { source: ToldSource })

export interface AnnounceOptions {
  receivers: readonly Receiver[]
  rules: readonly Rule[]
  /** From so many on they are one message, for receivers that take several. */
  group_from: number
  now: number
}

export function announce(news: readonly News[], options: AnnounceOptions): OutboxRow[] {
  return options.receivers.flatMap((receiver) => {
    const mine = news.filter(({ rule, kind }) => wants(options.rules, rule, kind, receiver.name))
    const problems = mine.filter((one) => 'row' in one)
    const grouped = receiver.channel.groups && problems.length >= options.group_from
    const alone = grouped ? mine.filter((one) => !('row' in one)) : mine
    const rows = alone.map((one) => message(one, receiver.name, options.now))
    return grouped ? [...rows, group(problems, receiver.name, options.now)] : rows
  })
}

/** A rule that is gone from the configuration meanwhile wants all it began to be ended. */
function wants(rules: readonly Rule[], name: string, kind: Kind, receiver: string): boolean {
  const rule = rules.find((one) => one.name === name)
  if (rule === undefined) return true
  return (
    (rule.channels === null || rule.channels.includes(receiver)) &&
    (rule.kinds.length === 0 || rule.kinds.includes(kind))
  )
}

type OfProblem = News & { row: ProblemRow; around: Surroundings }

function message(news: News, receiver: string, now: number): OutboxRow {
  const { decision, rule } = news
  const data = 'row' in news ? { problem: toldProblem(decision, news.row, news.around) } : { source: news.source }
  const about = 'row' in news ? news.row.id : `source:${news.source.path}`
  return outgoing(about, receiver, decision.type, decision.reason, rule, bodyText(decision.type, now, data), now)
}

/** What is worst and not over stands first. */
function group(news: readonly OfProblem[], receiver: string, now: number): OutboxRow {
  const [first] = news
  const told = news
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, TOLD)
    .map(({ decision, row, around }) => ({ ...brief(toldProblem(decision, row, around)), type: decision.type }))
  const body = bodyText('problems.changed', now, { problems: told, more: news.length - told.length })
  return outgoing('group', receiver, 'problems.changed', first?.decision.reason ?? '', first?.rule ?? '', body, now)
}

const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const
const rank = ({ decision, row }: OfProblem): number =>
  (decision.type === 'problem.resolved' ? 10 : 0) + SEVERITIES.indexOf(row.finding.severity)

const brief = (told: ToldProblem): ToldProblem => ({
  ...told,
  title: fit(told.title, 120),
  evidence: told.evidence === null ? null : { ...told.evidence, text: fit(told.evidence.text, 200) },
  fix: { ...told.fix, summary: fit(told.fix.summary, 200), snippet: null },
})

function outgoing(
  problem_id: string,
  channel: string,
  type: MessageType,
  reason: string,
  rule: string,
  body: string,
  created_at: number,
): OutboxRow {
  return {
    // No dot: it separates the parts of what is signed.
    id: `msg_${randomBytes(16).toString('hex')}`,
    problem_id,
    channel,
    type,
    reason,
    rule,
    body,
    created_at,
    attempts: 0,
    last_attempt_at: null,
    delivered_at: null,
    dead_at: null,
    replayed_at: null,
    last_error: null,
  }
}
