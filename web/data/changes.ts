/** What a reader does with a problem, sent to the server; the page shows the answer at once. */
import type { Problem } from '../../server/http/wire.ts'
import { send } from '../api.ts'
import { take } from '../state.ts'

const below = (id: string, path: string): string => `problems/${encodeURIComponent(id)}/${path}`

/** `mute?…`, `unmute`, `resolve`, `reopen`. Throws ApiError. */
export const change = async (id: string, what: string): Promise<void> =>
  take({ name: 'problem', data: await send<Problem>('POST', below(id, what)) })

export const addNote = async (id: string, text: string): Promise<void> =>
  take({ name: 'problem', data: await send<Problem>('POST', below(id, 'notes'), { text }) })

export const deleteNote = async (id: string, note: number): Promise<void> =>
  take({ name: 'problem', data: await send<Problem>('DELETE', below(id, `notes/${note}`)) })
