/** Terminal colours and the line erasure that attached terminals leave in logs. Source: ECMA-48 CSI … m (SGR), K, J, and
 *  cursor movements; other control sequences are no decoration and stay. */
const ESCAPE = '\x1b'
// oxlint-disable-next-line no-control-regex -- these bytes are what it is about
const DECORATION = /\x1b\[[\d;:?]{0,40}[A-HJKm]/g

/** The text without them; the same string when there are none. */
export function stripColours(text: string): string {
  return text.includes(ESCAPE) ? text.replace(DECORATION, '') : text
}
