/** Secrets of receivers: written as they are, or as `{env: NAME}` or `{file: PATH}`. None of them can be printed by mistake. */
import { createHash } from 'node:crypto'
import { z } from 'zod'

export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** For the moment it is sent. */
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
}

/** Where one is to be read from. */
export type SecretPlace = { env: string } | { file: string }

/** In a channel's settings. `{env}` and `{file}` were replaced by what is there before: see withSecrets. */
export const secretSetting = z
  .string()
  .min(1, 'empty')
  .transform((value) => new Secret(value))

/** Settings as they were written, with every `{env: NAME}` and `{file: PATH}` replaced by what is there; of a template
 *  nothing is. @param read gives the text at a place or throws. @param at where `written` stands, for what it throws. */
export function withSecrets(
  written: unknown,
  at: readonly (string | number)[],
  read: (place: SecretPlace, at: readonly (string | number)[]) => string,
): unknown {
  if (typeof written !== 'object' || written === null) return written
  if (Array.isArray(written)) return written.map((one: unknown, n) => withSecrets(one, [...at, n], read))
  const entries = Object.entries(written)
  const [only] = entries
  if (entries.length === 1 && only && typeof only[1] === 'string' && (only[0] === 'env' || only[0] === 'file'))
    return read(only[0] === 'env' ? { env: only[1] } : { file: only[1] }, at)
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === 'template' ? value : withSecrets(value, [...at, key], read)]),
  )
}

/** Tells other settings from the same ones without keeping any of them. */
export const fingerprintOf = (settings: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(revealed(settings)) ?? '')
    .digest('hex')
    .slice(0, 16)

function revealed(settings: unknown): unknown {
  if (settings instanceof Secret) return settings.reveal()
  if (typeof settings !== 'object' || settings === null) return settings
  if (Array.isArray(settings)) return settings.map(revealed)
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, revealed(value)]))
}
