/** A JSON body of the user's own. Placeholders stand inside strings and are filled in after the JSON was read, string by
 *  string, so that no log line can end a string, add a member or begin a placeholder. */
import type { Card } from './card.ts'
import { frequency, headline } from './card.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const VALUES: Readonly<Record<string, (card: Card, id: string, type: string) => string | number | null>> = {
  id: (_card, id) => id,
  type: (_card, _id, type) => type,
  status: ({ status }) => status,
  severity: ({ severity }) => severity,
  title: (card) => headline(card),
  place: ({ place }) => place,
  upstream: ({ upstream }) => upstream,
  cause: ({ cause }) => cause,
  count: ({ count }) => count,
  since: ({ since }) => since,
  frequency: (card) => frequency(card),
  note: ({ note }) => note,
  evidence: ({ evidence }) => evidence,
  change: ({ change }) => change,
  snippet: ({ snippet }) => snippet,
  url: ({ url }) => url,
  key: ({ key }) => key,
}
export const PLACEHOLDERS: readonly string[] = Object.keys(VALUES)
const PLACEHOLDER = /\{\{ ?([\w-]*) ?\}\}/g

/** The first placeholder that is none, or null. */
export function unknownPlaceholder(template: Json): string | null {
  if (typeof template === 'string') {
    for (const [, name = ''] of template.matchAll(PLACEHOLDER)) if (!PLACEHOLDERS.includes(name)) return name
    return null
  }
  if (typeof template !== 'object' || template === null) return null
  const inner = Array.isArray(template) ? template : Object.values(template)
  for (const one of inner) {
    const found = unknownPlaceholder(one)
    if (found !== null) return found
  }
  return null
}

/** A string that is one placeholder and nothing else becomes its value: a number, or null. */
export function render(template: Json, card: Card, id: string, type: string): Json {
  if (typeof template === 'string') {
    const value = (name: string): string | number | null => VALUES[name]?.(card, id, type) ?? null
    const whole = /^\{\{ ?([\w-]+) ?\}\}$/.exec(template)
    if (whole) return value(whole[1] ?? '')
    return template.replace(PLACEHOLDER, (_, name: string) => String(value(name) ?? ''))
  }
  if (typeof template !== 'object' || template === null) return template
  if (Array.isArray(template)) return template.map((one) => render(one, card, id, type))
  return Object.fromEntries(Object.entries(template).map(([key, one]) => [key, render(one, card, id, type)]))
}
