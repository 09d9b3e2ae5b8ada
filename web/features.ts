/** What this server can do, by its own description: pages for what it cannot do are not offered. */
import { signal } from '@preact/signals'

/** Paths of the API; null until they are known. */
export const paths = signal<ReadonlySet<string> | null>(null)

export const can = (path: string): boolean => paths.value?.has(path) ?? false

/** An older or newer server answers something else; then nothing more is offered. */
export async function findFeatures(): Promise<void> {
  try {
    const response = await fetch(new URL('api/openapi.json', document.baseURI), {
      headers: { accept: 'application/json' },
    })
    const description = (await response.json()) as { paths?: Record<string, unknown> }
    paths.value = new Set(Object.keys(description.paths ?? {}))
  } catch {
    paths.value = new Set()
  }
}
