/** The first `most` characters in memory of their own. A part of a string is a view in V8 and keeps the whole alive: an
 *  address of 15 characters would hold its line of up to 64 KiB as long as the evidence lives. */
export function ownText(text: string, most: number): string {
  const part = text.slice(0, most)
  // UTF-8 would replace half a surrogate pair, of which there are some: paths are cut.
  const encoding = /[^\0-\xff]/.test(part) ? 'utf16le' : 'latin1'
  return Buffer.from(part, encoding).toString(encoding)
}
