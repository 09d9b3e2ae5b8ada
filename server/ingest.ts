/** One followed source into the store: lines → records → events, committed together with the position they were read up to. */
import type { Event } from '../parsers/event.ts'
import { eventAt, type EventRun } from '../parsers/event-run.ts'
import type { Parser } from '../parsers/parser.ts'
import { emptyEvidence, type Evidence, type Exemplar, type InputSummary } from './diagnosis/contract.ts'
import { OldHistory } from './old-history.ts'
import { RecordReader, type Shift } from './scan/contract.ts'
import type { Batch, SourcePosition, Store, StoredEvent } from './store/contract.ts'
import type { Chunk, Source, SourceOptions, SourceStatus } from './tail/contract.ts'

/** What was just stored of one source. */
export interface Committed {
  path: string
  evidence: Evidence
  /** In the order of their lines; to be asked for before more is read. */
  readonly events: readonly Event[]
  /** True when all of it existed before the source was first seen. */
  history: boolean
}

export interface IngestOptions {
  store: Store
  /** What the source is called in the store, in evidence and in reports. */
  path: string
  open: (options: SourceOptions) => Source
  parsers: readonly Parser[]
  /** What turns wall-clock ms without a zone into epoch ms UTC, for stamps that follow those up to `after` (epoch ms). */
  shift: (after: number | null) => Shift
  /** Epoch ms: history that is older is passed over, most of it unread. */
  history_since?: number
  /** `host:port` under which nginx reaches halfopen's own dashboard. */
  own?: ReadonlySet<string>
  onCommitted: (committed: Committed) => void
  onStatus?: (status: SourceStatus) => void
}

/** Opens the source where the store says it was left. A commit that fails (full disk) throws through the source, which
 *  shows it and offers the same bytes again: nothing is lost and, since the position is part of the transaction, nothing
 *  is counted twice. */
export function ingest(options: IngestOptions): Source {
  const stored = options.store.positions().find(({ path }) => path === options.path) ?? null
  const reading = new Ingest(options, stored)
  const source = options.open({
    resume: stored && {
      generation: stored.generation,
      seq: stored.seq,
      position: JSON.parse(stored.position) as object,
    },
    history_since: options.history_since ?? null,
    onChunk: (chunk) => reading.chunk(chunk),
    onStatus: options.onStatus ?? (() => {}),
  })
  return {
    path: source.path,
    poll: () => source.poll(),
    status() {
      const status = source.status()
      return { ...status, hint: status.hint ?? reading.leftOut }
    },
    close: () => source.close(),
  }
}

class Ingest {
  private readonly options: IngestOptions
  private reader: RecordReader
  private history = true
  /** Bytes of history that are too old. */
  private older = 0
  private readonly old: OldHistory | null
  /** The counts that are stored: a chunk that could not be committed must not have been counted. */
  private summary: InputSummary | null
  /** What the store holds of the current generation; null for one it does not know yet. */
  private stored: { generation: string; seq: number } | null

  constructor(options: IngestOptions, stored: SourcePosition | null) {
    this.options = options
    this.stored = stored
    this.summary = stored?.summary ?? null
    this.reader = this.newReader()
    const { path, parsers, shift, history_since: since } = options
    this.old = since === undefined ? null : new OldHistory({ path, parsers, shift: shift(null), since })
  }

  /** One sentence: what was not imported; null when nothing was left out. */
  get leftOut(): string | null {
    const { history_since } = this.options
    if (this.older === 0 || history_since === undefined) return null
    const day = `${new Date(history_since).toISOString().slice(0, 16).replace('T', ' ')} UTC`
    return `${size(this.older)} of it are from before ${day} and were not imported (history, --since); halfopen analyze reads all of it`
  }

  chunk(chunk: Chunk): number {
    if (this.old?.holds(chunk)) return this.passOver(chunk)
    const evidence = emptyEvidence(true)
    const events: StoredEvent[] = []
    const collect = (found: Event[], exemplar: Exemplar, offset: number): void => {
      // A line's identity is where it begins; its events are numbered from 0.
      found.forEach((event, ordinal) => events.push({ event, seq: chunk.offset + offset, ordinal, exemplar }))
    }
    if (chunk.history !== this.history) {
      // Stamps in a zone that nobody named may look old: of live lines none is left out for that.
      this.history = chunk.history
      this.reader = this.newReader()
    }
    try {
      const { outside, summary } = this.reader
      const { parsed } = summary
      let run: EventRun | null = null
      const done = this.reader.read(chunk.bytes, chunk.line, evidence, collect, chunk.final === true, (repeated) => {
        run = repeated
      })
      if (done > 0) this.commit(chunk, done, events, run, evidence)
      const old = this.reader.outside - outside
      if (old > 0) this.older += Math.round((done * old) / (this.reader.summary.parsed - parsed))
      return done
    } catch (error) {
      this.reader = this.newReader()
      throw error
    }
  }

  private passOver(chunk: Chunk): number {
    this.reader.summary.bytes += chunk.bytes.length
    try {
      this.commit(chunk, chunk.bytes.length, [], null, emptyEvidence(true))
    } catch (error) {
      this.reader = this.newReader()
      throw error
    }
    this.older += chunk.bytes.length
    return chunk.bytes.length
  }

  private commit(chunk: Chunk, done: number, events: StoredEvent[], run: EventRun | null, evidence: Evidence): void {
    const { store, path, onCommitted } = this.options
    const { seq, position } = chunk.after(done)
    const summary = { ...this.reader.summary, unparsed_samples: [...this.reader.summary.unparsed_samples] }
    const source = { generation: chunk.generation, path, seq, position: JSON.stringify(position), summary }
    // Not where the chunk begins: the rest of a line that was too long lies between, read and skipped.
    const from_seq = this.stored?.generation === chunk.generation ? this.stored.seq : chunk.offset
    const repeated = run && { run, offset: chunk.offset }
    const result = store.commit({ source, from_seq, events, repeated, evidence })
    this.summary = summary
    this.stored = { generation: chunk.generation, seq }
    if (result !== 'committed') return
    onCommitted({
      path,
      evidence,
      get events() {
        return eventsOf(events, repeated)
      },
      history: chunk.history,
    })
  }

  private newReader(): RecordReader {
    const { path, parsers, shift, own, history_since } = this.options
    return new RecordReader({
      path,
      parsers,
      shift: shift(this.summary?.to == null ? null : Date.parse(this.summary.to)),
      ...(own === undefined ? {} : { own }),
      ...(this.history && history_since !== undefined ? { since: history_since } : {}),
      ...(this.summary === null ? {} : { summary: this.summary }),
    })
  }
}

function eventsOf(events: readonly StoredEvent[], repeated: Batch['repeated']): Event[] {
  const all = events.map(({ event, seq }) => ({ event, seq }))
  for (let row = 0; repeated && row < repeated.run.size; row++)
    all.push({ event: eventAt(repeated.run, row), seq: repeated.offset + (repeated.run.at[row] as number) })
  return all.sort((a, b) => a.seq - b.seq).map(({ event }) => event)
}

const size = (bytes: number): string =>
  bytes < 1e6
    ? `${Math.ceil(bytes / 1e3)} kB`
    : bytes < 1e9
      ? `${Math.round(bytes / 1e6)} MB`
      : `${(bytes / 1e9).toFixed(1)} GB`
