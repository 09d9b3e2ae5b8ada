/** A whole line as an application prints it, with what must come out: the parser that detection chooses, the time, the
 *  level, and the event. Hosts, ids and clocks are made up; the shapes are those of the sources named in the parsers. */
export interface AppLine {
  what: string
  line: string
  format: string
  /** LogTime.iso; null: the line has no date. */
  time: string | null
  level?: string | null
  /** Sign of the one event; null: none. */
  sign: string | null
  echo?: true
  path?: string
}
