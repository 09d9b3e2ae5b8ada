/** The part of a log line that decides, so that the eye finds it. */

/** Alternatives in the order of weight; the first one found is marked. */
const DECISIVE: readonly RegExp[] = [
  /'(?:upgrade|websocket)' token not found in '(?:Connection|Upgrade)' header/i,
  /\b(?:connect|recv|send|SSL_do_handshake|accept4?)\(\) failed \(\d+: [^)]{1,80}\)/,
  /upstream timed out \(\d+: [^)]{1,60}\)(?: while [a-z ]{1,60})?/,
  /upstream prematurely closed connection[a-z ]{0,60}/,
  /no live upstreams[a-z ]{0,40}/,
  /upstream sent [a-z ]{1,80}/,
  /websocket: close 1006[^"\\]{0,60}/,
  /websocket: [a-z][^"\\]{0,80}/,
  /\b(?:unknown|invalid|not allowed|could not be resolved|limiting (?:requests|connections))[^,"]{0,80}/,
  /" (?:[1-5]\d\d) (?=\d|-)/,
]

/** [start, end) of that part, or null where nothing is known to decide. */
export function decisive(text: string): [start: number, end: number] | null {
  for (const pattern of DECISIVE) {
    const found = pattern.exec(text)
    if (!found) continue
    // Of a status only the number, without the quote in front.
    const lead = found[0].startsWith('" ') ? 2 : 0
    return [found.index + lead, found.index + found[0].trimEnd().length]
  }
  return null
}
