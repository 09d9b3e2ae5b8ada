/** What reading makes of single lines, step by step, for `halfopen explain`. The reader itself says what comes out; the
 *  steps are gone through again beside it, so that nothing is slower for being explained. */
import { createReadStream } from 'node:fs'
import { meaningOf, type Meaning } from '../../parsers/explain/meaning.ts'
import { nearEnvelopes, type EnvelopeNear } from '../../parsers/explain/envelope-near.ts'
import { stripColours } from '../../parsers/envelopes/colours.ts'
import type { EnvelopeId } from '../../parsers/envelopes/envelope.ts'
import { Unwrapper } from '../../parsers/envelopes/unwrap.ts'
import type { Parser } from '../../parsers/parser.ts'
import type { LogRecord } from '../../parsers/record.ts'
import { consider, emptyEvidence, foldEvent, foldRequest } from '../diagnosis/contract.ts'
import type { Considered } from '../diagnosis/contract.ts'
import { choose } from './choose.ts'
import { MAX_LINE } from './envelope-lines.ts'
import { fastPath } from './explain-fast.ts'
import type { InputError } from './contract.ts'
import { LineFeeder } from './lines.ts'
import { tryAll, type Tried } from './nearest.ts'
import { openInput } from './open-input.ts'
import { DASHBOARD, isOwn } from './own-traffic.ts'
import type { Wrapping } from './found.ts'
import { RecordReader } from './reader.ts'
import type { RecordOptions } from './records.ts'
import { systemError } from './input-errors.ts'
import { zoneShift } from './zone.ts'

export interface Explanation {
  /** The record's first line in its input, from 1. */
  line: number
  /** That line as it stands. */
  text: string
  envelopes: { id: EnvelopeId; name: string | null; stream: string | null; time: string | null }[]
  /** What looked like an envelope around or inside it and is none. */
  near: EnvelopeNear[]
  /** What the parsers were given: without envelopes and colours, joined with the lines that belong to it. */
  payload: string
  tried: Tried[]
  /** Null when nothing reads it; then `reason` says so in the reader's word. */
  record: LogRecord | null
  reason: string | null
  wrapping: Wrapping | null
  meaning: Meaning | null
  /** What each cause makes of this line alone; empty when it tells of nothing. */
  considered: Considered[]
  /** Traffic of halfopen itself, which is left out of every report. */
  own: boolean
  /** What is done with such a line when many are read. */
  fast: string
}

export interface ExplainOptions extends RecordOptions {
  /** Explain the record at this line; null: the first ones. */
  line: number | null
  /** How many of them. */
  records: number
}

interface Item {
  line: number
  raw: string
  record: LogRecord | null
  reason: string | null
  wrapping: Wrapping | null
}

/** One text given as it is; may have several lines. */
export function explainText(text: string, options: ExplainOptions): Explanation[] {
  const steps = new Steps(options)
  steps.feed(Buffer.from(text.endsWith('\n') ? text : `${text}\n`), true)
  return steps.explanations()
}

/** Records of an input. Never throws for what is in it. */
export async function explainInput(
  path: string,
  options: ExplainOptions,
): Promise<{ explanations: Explanation[]; error: InputError | null }> {
  const steps = new Steps(options)
  const opened = openInput(path)
  if (opened.kind === 'refused') return { explanations: [], error: opened.error }
  const chunks: AsyncIterable<Buffer> = opened.kind === 'stream' ? opened.chunks : createReadStream(path)
  const feeder = new LineFeeder((lines, final) => steps.feed(lines, final))
  let error: InputError | null = null
  try {
    for await (const chunk of chunks) {
      feeder.push(chunk)
      if (steps.done()) break
    }
  } catch (cause) {
    error = systemError(path, cause)
  }
  if (!steps.done()) feeder.end()
  if (opened.kind === 'stream') error ??= opened.problem()
  return { explanations: steps.explanations(), error }
}

class Steps {
  private readonly options: ExplainOptions
  private readonly parsers: readonly Parser[]
  private readonly shift: (wall: number) => number
  private readonly reader: RecordReader
  private items: Item[] = []
  private readonly texts = new Map<number, string>()

  constructor(options: ExplainOptions) {
    this.options = options
    this.parsers = choose({ ...options, plainFormat: true })
    this.shift = zoneShift(options.timezone)
    this.reader = new RecordReader({ path: '', parsers: this.parsers, shift: this.shift })
    this.reader.onRecord = (record, line, raw, reason, wrapping) => {
      const { line: wanted, records } = options
      if (wanted !== null && line <= wanted) this.items = [{ line, raw, record, reason, wrapping }]
      else if (wanted === null && this.items.length < records) this.items.push({ line, raw, record, reason, wrapping })
    }
  }

  feed(lines: Buffer, final: boolean): number {
    const first = this.reader.summary.lines + 1
    const done = this.reader.read(lines, first, emptyEvidence(), null, final)
    this.keep(lines.subarray(0, done), first)
    return done
  }

  done(): boolean {
    const { line, records } = this.options
    return line === null ? this.items.length >= records : this.reader.summary.lines >= line
  }

  explanations(): Explanation[] {
    const { line } = this.options
    // The record before the end of the input is not at a line behind it.
    if (line !== null && line > this.reader.summary.lines) return []
    return this.items.map((item) => this.explain(item))
  }

  /** The lines as they stand: a record is told with its payload only. */
  private keep(lines: Buffer, first: number): void {
    const wanted = new Set(this.items.map(({ line }) => line))
    for (const line of this.texts.keys()) if (!wanted.has(line)) this.texts.delete(line)
    const last = Math.max(...wanted, 0)
    let at = 0
    for (let line = first; at < lines.length && line <= last; line++) {
      let end = lines.indexOf(10, at)
      if (end < 0) end = lines.length
      if (wanted.has(line))
        this.texts.set(line, lines.toString('utf8', at, Math.min(end, at + MAX_LINE)).replace(/\r$/, ''))
      at = end + 1
    }
  }

  private explain({ line, raw, record, reason, wrapping }: Item): Explanation {
    const text = this.texts.get(line) ?? raw
    const bare = stripColours(text)
    const opened = new Unwrapper().open(bare)
    const taken = wrapping?.envelope.length ?? 0
    // An envelope that the reader put back is a part of the line: nothing reads what is behind it.
    const putBack = opened !== null && opened.layers.length > taken
    const payload = (putBack ? opened.outside[taken] : null) ?? stripColours(raw)
    const envelopes = (wrapping?.envelope ?? []).map((id, i) => {
      const layer = opened?.layers[i]?.id === id ? opened.layers[i] : undefined
      return { id, name: layer?.name ?? null, stream: layer?.stream ?? null, time: layer?.stamp?.text ?? null }
    })
    const near = nearEnvelopes(payload)
    if (putBack)
      for (const { id } of opened.layers.slice(taken))
        near.push({ id, why: 'left as a part of the line: the format says so, or nothing reads what is behind it' })
    const meaning = record === null ? null : meaningOf(record, this.shift)
    const own = record !== null && isOwn(record, DASHBOARD)
    const tried = reason === 'too-long' ? [] : tryAll(payload, this.parsers)
    const parser = this.parsers.find(({ id }) => id === record?.format) ?? null
    const considered = own || meaning === null ? [] : consideredBy(meaning, line, text)
    const fast = fastPath(payload, parser, record, own)
    return { line, text, envelopes, near, payload, tried, record, reason, wrapping, meaning, considered, own, fast }
  }
}

/** The evidence of one line, weighed. */
function consideredBy({ reading }: Meaning, line: number, text: string): Considered[] {
  const { events, status, failed, time } = reading
  if (events.length === 0 && failed === null) return []
  const evidence = emptyEvidence()
  const exemplar = { source: '', line, text, time }
  for (const event of events) foldEvent(evidence, event, exemplar)
  if (status !== null)
    foldRequest(evidence, failed === null ? null : { ...failed, time, client: null }, status, time, exemplar)
  return consider(evidence, null)
}
