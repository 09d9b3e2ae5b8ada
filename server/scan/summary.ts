/** What was read of one input. */
import type { InputSummary } from '../diagnosis/contract.ts'

/** The summary of an input of which nothing was read yet. */
export const unreadSummary = (path: string): InputSummary => ({
  path,
  format: null,
  bytes: 0,
  lines: 0,
  parsed: 0,
  unparsed: 0,
  from: null,
  to: null,
  unparsed_samples: [],
})
