/** What the person who runs halfopen has to know of the store, one sentence each. */
import type { StoreState } from './store/contract.ts'

export function storeNotices({
  trouble,
  other,
  other_paths,
  max_places,
  damaged_blocks,
  set_aside,
}: StoreState): string[] {
  const notices: string[] = []
  if (trouble !== null) notices.push(`Reading is paused and nothing is lost: ${trouble}.`)
  if (set_aside !== null) notices.push(`${set_aside}.`)
  if (damaged_blocks > 0)
    notices.push(
      `The database is damaged: ${damaged_blocks} of its blocks of events cannot be read and are not shown. ` +
        'Stop the server and run halfopen db check.',
    )
  if (other > 0)
    notices.push(
      `${other.toLocaleString('en')} lines were about places beyond the first ${max_places.toLocaleString('en')} ` +
        `(server, path and upstream)${paths(other_paths)}; they are counted together as "(other)". Scanners invent paths.`,
    )
  return notices
}

/** An estimate is called one. None: they were counted before their paths were. */
const paths = (n: number): string =>
  n === 0 ? '' : `, with at least about ${n.toLocaleString('en')} different ${n === 1 ? 'path' : 'paths'}`
