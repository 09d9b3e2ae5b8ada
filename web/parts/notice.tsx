import type { ComponentChildren } from 'preact'
import type { ApiError } from '../api.ts'

/** Something the reader should know before reading on. */
export const Notice = ({ tone, children }: { tone: 'bad' | 'warning' | 'plain'; children: ComponentChildren }) => (
  <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'note'}>
    {children}
  </div>
)

export const Failure = ({ error, what }: { error: ApiError; what: string }) => (
  <Notice tone="bad">
    <p>
      <strong>{what} could not be read.</strong> {error.message}
    </p>
    {error.hint !== null && <p>{error.hint}</p>}
  </Notice>
)

/** Grey bars where something will stand, so that the page does not jump when it arrives. */
export const Loading = ({ what, rows = 3 }: { what: string; rows?: number }) => (
  <div class="loading" role="status">
    <span class="offscreen">Loading {what}</span>
    {Array.from({ length: rows }, (_, i) => (
      <div class="loading-row" key={i} />
    ))}
  </div>
)
