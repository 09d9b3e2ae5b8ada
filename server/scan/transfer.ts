/** Evidence as a message between threads of this process. Lines that are kept cross unmasked (masked-line.ts): never write
 *  a message anywhere else. */
import { emptyEvidence, MinuteCounts, shareOf, SortedCounts } from '../diagnosis/contract.ts'
import type {
  Evidence,
  Exemplar,
  InputSummary,
  Lifetimes,
  Observation,
  Occurrences,
  Scope,
  Suspect,
} from '../diagnosis/contract.ts'
import { MaskedLine } from './masked-line.ts'
import { Packer, Unpacker, type Packed } from './packing.ts'

export interface Message {
  evidence: Packed
  summary: InputSummary
}

/** What exemplars are. */
const [PLAIN, RAW, MASKED] = [0, 1, 2] as const

/** Nothing of the evidence is changed or shared. `transferList` saves the copy of the numbers. */
export function pack(evidence: Evidence, summary: InputSummary): Message {
  const to = new Packer()
  to.int(Number(evidence.exact))
  to.float(evidence.first)
  to.float(evidence.last)
  to.float(evidence.suspects_dropped)
  to.list(evidence.observations, ([key, o]) => {
    to.text(key)
    packObservation(to, o)
  })
  to.list(evidence.suspects, ([key, s]) => {
    to.text(key)
    packOccurrences(to, s)
    packScope(to, s.scope)
    to.float(s.status)
    to.name(s.answered_by)
  })
  to.list(evidence.lifetimes, ([key, l]) => {
    to.text(key)
    packLifetimes(to, l)
  })
  packMinutes(to, evidence.requests_per_minute)
  for (const counts of [evidence.status, evidence.handshake_latency])
    to.list(counts, ([key, n]) => {
      to.float(key)
      to.float(n)
    })
  for (const names of [evidence.error_levels, evidence.variables, evidence.formats])
    to.list(names, (name) => to.name(name))
  to.list(evidence.ends, ([second, ages]) => {
    to.float(second)
    to.many(ages.pack())
  })
  to.list(evidence.ends.proofs(), ([second, exemplar]) => {
    to.float(second)
    packExemplar(to, exemplar)
  })
  return { evidence: to.done(), summary }
}

export const transferList = ({ evidence: { ints, floats } }: Message): ArrayBuffer[] => [ints.buffer, floats.buffer]

/** @param lineOffset lines before those that the other thread read: its first line was 1. NaN: that is not known.
 *  @param source what the input is called here; as it was called there when it is not given. */
export function unpack(
  message: Message,
  { lineOffset, source }: { lineOffset: number; source?: string },
): { evidence: Evidence; summary: InputSummary } {
  const from = new Unpacker(message.evidence)
  const exemplar = (): Exemplar => unpackExemplar(from, lineOffset, source ?? null)
  const evidence = emptyEvidence(from.int() === 1)
  evidence.first = from.float()
  evidence.last = from.float()
  evidence.suspects_dropped = from.float() ?? 0
  for (let left = from.int(), { buckets } = shareOf(evidence, left); left > 0; left--)
    evidence.observations.set(from.text(), unpackObservation(from, buckets, exemplar))
  for (let left = from.int(), { buckets } = shareOf(evidence, left); left > 0; left--) {
    const key = from.text()
    const occurrences = unpackOccurrences(from, buckets, exemplar)
    const [scope, status, answered_by] = [unpackScope(from), from.float() ?? 0, from.name() as Suspect['answered_by']]
    evidence.suspects.set(key, { scope, status, answered_by, ...occurrences })
  }
  for (let left = from.int(); left > 0; left--) evidence.lifetimes.set(from.text(), unpackLifetimes(from, exemplar))
  evidence.requests_per_minute = unpackMinutes(from, shareOf(evidence, 1).buckets)
  for (const counts of [evidence.status, evidence.handshake_latency])
    for (let left = from.int(); left > 0; left--) counts.set(from.float() ?? 0, from.float() ?? 0)
  for (const names of [evidence.error_levels, evidence.variables, evidence.formats])
    for (let left = from.int(); left > 0; left--) names.add(from.name() ?? '')
  for (let left = from.int(); left > 0; left--) {
    const second = from.float() ?? 0
    for (const [age, n] of SortedCounts.unpack(from.many())) evidence.ends.add(second, age, n)
  }
  for (let left = from.int(); left > 0; left--) evidence.ends.prove(from.float() ?? 0, exemplar())
  const samples = message.summary.unparsed_samples.map((sample) => ({ ...sample, line: sample.line + lineOffset }))
  const path = source ?? message.summary.path
  return { evidence, summary: { ...message.summary, path, unparsed_samples: samples } }
}

function packMinutes(to: Packer, minutes: MinuteCounts): void {
  const { step, pairs } = minutes.pack()
  to.int(step)
  to.many(pairs)
}

const unpackMinutes = (from: Unpacker, buckets: number): MinuteCounts =>
  MinuteCounts.unpack(from.int(), from.many(), buckets)

function packScope(to: Packer, { server, path, upstream }: Scope): void {
  to.name(server)
  to.name(path)
  to.name(upstream)
}

const unpackScope = (from: Unpacker): Scope => ({ server: from.name(), path: from.name(), upstream: from.name() })

function packOccurrences(to: Packer, o: Occurrences): void {
  to.float(o.count)
  to.float(o.first)
  to.float(o.last)
  packMinutes(to, o.minutes)
  to.list(o.exemplars, (exemplar) => packExemplar(to, exemplar))
  to.list(o.clients, (client) => to.name(client))
}

function unpackOccurrences(from: Unpacker, buckets: number, exemplar: () => Exemplar): Occurrences {
  return {
    count: from.float() ?? 0,
    first: from.float(),
    last: from.float(),
    minutes: unpackMinutes(from, buckets),
    exemplars: from.list(exemplar),
    clients: new Set(from.list(() => from.name() ?? '')),
  }
}

function packObservation(to: Packer, o: Observation): void {
  packOccurrences(to, o)
  packScope(to, o.scope)
  to.name(o.sign)
  to.name(o.kind)
  to.float(o.status)
  to.name(o.asked)
  to.name(o.answered_by)
  to.int(Number(o.echo))
  to.name(o.zone)
}

function unpackObservation(from: Unpacker, buckets: number, exemplar: () => Exemplar): Observation {
  return {
    ...unpackOccurrences(from, buckets, exemplar),
    scope: unpackScope(from),
    sign: from.name() ?? '',
    kind: from.name() as Observation['kind'],
    status: from.float(),
    asked: from.name() as Observation['asked'],
    answered_by: from.name() as Observation['answered_by'],
    echo: from.int() === 1,
    zone: from.name() as Observation['zone'],
  }
}

function packLifetimes(to: Packer, l: Lifetimes): void {
  packScope(to, l.scope)
  to.name(l.measured_by)
  to.many(l.buckets.pack())
  to.float(l.first)
  to.float(l.last)
  to.list(l.exemplars, ({ bucket, exemplar }) => {
    to.int(bucket)
    packExemplar(to, exemplar)
  })
}

function unpackLifetimes(from: Unpacker, exemplar: () => Exemplar): Lifetimes {
  return {
    scope: unpackScope(from),
    measured_by: from.name() as Lifetimes['measured_by'],
    buckets: SortedCounts.unpack(from.many()),
    first: from.float(),
    last: from.float(),
    exemplars: from.list(() => ({ bucket: from.int(), exemplar: exemplar() })),
  }
}

function packExemplar(to: Packer, exemplar: Exemplar): void {
  const line = MaskedLine.pack(exemplar)
  to.int(line === null ? PLAIN : line.masked ? MASKED : RAW)
  to.text(line === null ? exemplar.text : line.raw)
  to.name(exemplar.source)
  to.float(exemplar.line)
  to.float(exemplar.time)
}

function unpackExemplar(from: Unpacker, lineOffset: number, as: string | null): Exemplar {
  const [kind, text, source, number, time] = [from.int(), from.text(), from.name(), from.float(), from.float()]
  const line = number === null || Number.isNaN(lineOffset) ? null : number + lineOffset
  if (kind === PLAIN || line === null) return { source: as ?? source ?? '', line, text, time }
  return MaskedLine.unpack(as ?? source ?? '', line, text, time, kind === MASKED)
}
