/** How all lines of one format are built, so that further lines can be counted from their bytes (server/scan). Only what
 *  is the same for every line of the format is in it: literals, and the form of what stands between them. */

/** The form of a value.
 *  `open`: anything up to the literal behind it · `peer`: one backend's address, or nothing · `span`: a run of characters
 *  that only `run` describes · the others as nginx prints them. */
export type ValueForm = 'status' | 'number' | 'time_local' | 'time_iso8601' | 'msec' | 'open' | 'peer' | 'span'

export type ShapePart = { literal: string } | ValuePart

export interface ValuePart {
  /** nginx's variable. */
  name: string
  form: ValueForm
  /** Nothing at all may stand there. */
  optional: boolean
  /** Of a span: what it is made of, tested on one character, and how long it may be. */
  span: { run: RegExp; most: number } | null
  /** What else the value must be for its name to be certain. `whole`: digits or `-`; `seconds`: with three decimals;
   *  `text`: neither a number first nor a key with `:` or `=`; `addresses`: a list of IP addresses, or `-`. */
  guard?: 'whole' | 'seconds' | 'seconds-or-none' | 'text' | 'addresses'
}

export interface LineShape {
  parts: readonly ShapePart[]
  /** An unquoted value with blanks, brackets or separators may make the line another layout's, or hold another key. */
  plain: boolean
  /** A last value that is a number with a fraction makes the line another format's. */
  noDecimalLast: boolean
  /** A value that is empty is absent (accessRecord). */
  emptyIsNone: boolean
  /** $remote_addr may be followed by its port (access-keys.ts). */
  clientPort?: true
}
