/** Lines out of their envelopes, however these are stacked. What one line says about later ones is kept here. */
import type { MissReason } from '../parser.ts'
import { stripColours } from './colours.ts'
import type { EnvelopeId, Layer, Opened } from './envelope.ts'
import { GUESSED, openEnvelope, WEAK } from './index.ts'
import { isSupervisordLine } from './supervisord.ts'

/** Deeper than any real stack; a line that goes on is its own payload there. */
const MAX_LAYERS = 8
/** Processes under one supervisord that may have their output open at once. */
const MAX_ANNOUNCED = 64

export interface Unwrapped {
  /** Outermost first. Empty only for a bare line that has an `effect`. */
  layers: readonly Layer[]
  payload: string
  /** For each layer the text that it was taken from; null where that was joined from pieces or has other messages. */
  outside: readonly (string | null)[]
  /** The payload goes on in the next line with the same key. Envelopes inside it were not looked for yet. */
  partial: boolean
  /** The key of `joins` at which opening stopped: the line continues an earlier one. */
  continues: string | null
  damage: MissReason | null
  /** An envelope kept the payload's line end. */
  keptNewline: boolean
  /** An envelope that keeps line ends has none here. */
  lacksNewline: boolean
  /** More messages on the same line, inside of `outer`. */
  rest: { text: string; outer: readonly Layer[] } | null
  /** What later lines are to know: see `Unwrapper.note`. */
  effect: { key: string; announced: Layer | null } | null
}

/** Lines with one key are the lines of one writer's stream. */
export const keyOf = (layers: readonly Layer[]): string =>
  layers.map(({ id, name, stream }) => `${id} ${name ?? ''} ${stream ?? ''}`).join('\n')

export const envelopeOf = (layers: readonly Layer[]): EnvelopeId[] => layers.map(({ id }) => id)

/** True when an application may write such lines by itself. */
export const isWeak = (layers: readonly Layer[]): boolean => layers.every(({ id }) => WEAK.has(id))

/** The same with less taken off, for a payload that nothing reads: without the innermost layer when that may be the
 *  application's own. Null when it is not. */
export function lessOpened({ outside, ...wrapped }: Unwrapped): Unwrapped | null {
  const last = wrapped.layers.at(-1)
  const payload = outside.at(-1) ?? null
  if (last === undefined || payload === null || !WEAK.has(last.id)) return null
  return { ...wrapped, layers: wrapped.layers.slice(0, -1), outside: outside.slice(0, -1), payload }
}

/** What stays of envelopes whose payload nothing reads. A guess was none then; and only the first of several like prefixes
 *  is one: ` | ` is a frequent separator in applications' lines. */
export function withoutRepeats(wrapped: Unwrapped): Unwrapped {
  const last = wrapped.layers.at(-1)
  if (last === undefined) return wrapped
  const drop = GUESSED.has(last.id) || wrapped.layers.slice(0, -1).some(({ id }) => id === last.id)
  const less = drop ? lessOpened(wrapped) : null
  return less === null ? wrapped : withoutRepeats(less)
}

const NONE: readonly Layer[] = []

export class Unwrapper {
  /** Heads whose output is open, by the key of what surrounds them. */
  private readonly announced = new Map<string, Layer>()
  /** Whether payloads that are whole keep their line end, so that those without are pieces. Until that is known they are
   *  taken for pieces; a log that some shipper has rewritten has only such. */
  newlines: 'unknown' | 'kept' | 'stripped' = 'unknown'

  /** A bare line is in an output that a head before announced: its first character says nothing. */
  get claimsBareLines(): boolean {
    return this.announced.has('')
  }

  /** Opens what is around `line`, which stands inside `outer`; null when that is nothing. Stops at a key of `joins`.
   *  `line` must be without colours. */
  open(line: string, outer = NONE, joins: { has(key: string): boolean } | null = null): Unwrapped | null {
    let opened = openEnvelope(line)
    if (opened === null && this.announced.size === 0) return null
    const layers = [...outer]
    const outside: (string | null)[] = outer.map(() => null)
    const found: Unwrapped = {
      layers,
      outside,
      payload: line,
      partial: false,
      continues: null,
      damage: null,
      keptNewline: false,
      lacksNewline: false,
      rest: null,
      effect: null,
    }
    while (layers.length < MAX_LAYERS) {
      const under = this.output(found.payload, opened, layers)
      if (under === null) {
        if (opened === null) break
        if (opened.rest !== undefined) found.rest = { text: opened.rest, outer: layers.slice() }
        layers.push(opened.layer)
        outside.push(opened.rest === undefined ? found.payload : null)
        found.payload = stripColours(opened.payload)
        found.damage = opened.damage ?? null
        if (opened.end === 'newline') found.keptNewline = true
        else if (opened.end === 'no-newline') found.lacksNewline = true
        found.partial = opened.end === 'split' || (opened.end === 'no-newline' && this.newlines !== 'stripped')
      } else if ('key' in under) {
        found.effect = under
        if (under.announced === null) break
        layers.push(under.announced)
        outside.push(null)
        found.payload = ''
        break
      } else {
        layers.push(under)
        outside.push(null)
      }
      const key = joins === null ? '' : keyOf(layers)
      if (joins?.has(key) === true) found.continues = key
      if (found.continues !== null || found.partial || found.damage !== null) break
      opened = openEnvelope(found.payload)
    }
    return layers.length === outer.length && found.effect === null ? null : found
  }

  /** The layer of the head under whose output `text` stands; or the beginning or end of such an output. */
  private output(text: string, opened: Opened | null, layers: readonly Layer[]): Layer | Unwrapped['effect'] {
    if (opened?.announces === true) return { key: keyOf(layers), announced: opened.layer }
    if (this.announced.size === 0) return null
    const key = keyOf(layers)
    const head = this.announced.get(key)
    if (head === undefined) return null
    return text === '' || isSupervisordLine(text) ? { key, announced: null } : head
  }

  /** Takes notice of a line that was opened for good, not to look ahead. */
  note({ effect, keptNewline }: Unwrapped): void {
    if (keptNewline) this.newlines = 'kept'
    if (effect === null) return
    if (effect.announced === null) this.announced.delete(effect.key)
    else if (this.announced.has(effect.key) || this.announced.size < MAX_ANNOUNCED)
      this.announced.set(effect.key, effect.announced)
  }

  /** An empty line outside of every envelope. */
  blank(): void {
    this.announced.delete('')
  }
}
