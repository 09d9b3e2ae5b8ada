/** Files that the build makes for this folder: in dist beside the bundle that this is in, and found there, too, when the
 *  sources run as they are. */
import { existsSync } from 'node:fs'

/** Null when it was not built. */
export function builtFile(name: string): URL | null {
  const places = [`./${name}`, `../scan/${name}`, `../../dist/server/scan/${name}`]
  return places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url)) ?? null
}
