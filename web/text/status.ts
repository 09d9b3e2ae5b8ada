/** The first thing a visitor reads: is it broken now, what is worst, and what is not seen. */
import type { Problem, SourceState } from '../../server/http/wire.ts'
import { isInformation, isLoud, isNow, rank } from '../data/rank.ts'
import { quiet } from '../data/sources.ts'
import { bytes, plural } from './words.ts'

/** Bytes not read yet from which on the page speaks of catching up; a busy log is always a little ahead. */
const CATCHING_UP = 1_000_000

export interface StatusLine {
  /** Decides the sign next to it. `calm` alone is green; `partial`: no problem, as far as can be seen. */
  mood: 'broken' | 'history' | 'calm' | 'partial' | 'blind'
  headline: string
  detail: string | null
  worst: Problem | null
}

type Source = Pick<SourceState, 'path' | 'state' | 'lines' | 'parsed' | 'lag_bytes' | 'to' | 'last_read_at'>

/** "No problems" in green is only said of logs that are read, understood and not all silent. @param now epoch ms */
export function statusLine(
  problems: readonly Problem[],
  watching: number,
  sources: readonly Source[],
  now: number,
): StatusLine {
  const ranked = rank(problems.filter(isLoud))
  const open = ranked.filter(isNow)
  const imported = ranked.filter((problem) => problem.state === 'imported')
  const unseen = unseenOf(sources, now)
  if (open.length > 0)
    return { mood: 'broken', headline: `${plural(open.length, 'problem')} now`, detail: null, worst: open[0] ?? null }
  if (imported.length > 0) {
    const headline = `${plural(imported.length, 'problem')} in the logs that were already there`
    const detail = unseen.all
      ? `Whether it still happens is not seen: ${unseen.words}.`
      : 'Nothing of it has happened again since.'
    return { mood: 'history', headline, detail, worst: imported[0] ?? null }
  }
  const blind = (headline: string, detail: string | null) => ({ mood: 'blind' as const, headline, detail, worst: null })
  if (sources.length === 0 && watching === 0)
    return blind(
      'Nothing is being read',
      'halfopen reads the logs of nginx and of applications, and says why WebSockets break there. It found none to read yet.',
    )
  const total = (of: 'lines' | 'parsed' | 'lag_bytes') =>
    sources.reduce((sum, source) => sum + (isRead(source) ? source[of] : 0), 0)
  if (total('lag_bytes') > CATCHING_UP)
    return blind(
      'Reading what is there',
      `${bytes(total('lag_bytes'))} to go. Problems show up here as they are found.`,
    )
  if (sources.length > 0 && !sources.some(isRead))
    return blind('Nothing can be seen', `Nothing can be said about problems: ${unseen.words}.`)
  if (sources.length > 0 && total('lines') === 0)
    return blind(
      'Waiting for the first line',
      'What is being watched is empty so far, so nothing can be said about problems.',
    )
  if (sources.length > 0 && total('parsed') === 0)
    return blind(
      'No line could be understood',
      'So nothing can be said about problems. The Sources page shows which lines, and why.',
    )
  if (unseen.all)
    return {
      mood: 'partial',
      headline: 'No problems seen, and no log says anything',
      detail: `${capital(unseen.words)}. Either nobody comes, or the lines go elsewhere.`,
      worst: null,
    }
  if (unseen.dead.length > 0)
    return {
      mood: 'partial',
      headline: 'No problems in what can be seen',
      detail: `Not seen: ${unseen.words}.`,
      worst: null,
    }
  // The answer on the logs is still to come, or was none.
  if (sources.length === 0)
    return {
      mood: 'partial',
      headline: 'No problems so far',
      detail: 'How the logs are doing is not known.',
      worst: null,
    }
  const known = problems.filter(isInformation).length
  const detail = known === 0 ? null : `${plural(known, 'thing')} below for information.`
  return { mood: 'calm', headline: 'No problems in what is being watched', detail, worst: null }
}

const isRead = ({ state }: Source): boolean => state === 'reading' || state === 'idle'
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** Logs that tell nothing, in words: all that are dead, or all there are when none speaks. */
function unseenOf(sources: readonly Source[], now: number): { dead: Source[]; all: boolean; words: string } {
  const found = sources.flatMap((source) => {
    const silence = quiet(source, now)
    return silence === null ? [] : [{ source, ...silence }]
  })
  const all = sources.length > 0 && found.length === sources.length
  const dead = found.filter(({ kind }) => kind === 'dead')
  const told = all ? found : dead
  const names = told.slice(0, 3).map(({ source, why }) => `${source.path} ${why}`)
  const rest = told.length - names.length
  return {
    dead: dead.map(({ source }) => source),
    all,
    words: [...names, ...(rest > 0 ? [`${rest} more`] : [])].join(', '),
  }
}
