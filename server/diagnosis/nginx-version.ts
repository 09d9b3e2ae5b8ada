/** What an nginx of that version does when nothing is set. */

/** From 1.29.7 on it speaks HTTP/1.1 to a backend and sends no Connection (CHANGES); an unknown version is taken for an
 *  older one. */
export function speaks11(version: string | null): boolean {
  const [major = 0, minor = 0, patch = 0] = (version ?? '0').split('.').map(Number)
  return major > 1 || (major === 1 && (minor > 29 || (minor === 29 && patch >= 7)))
}
