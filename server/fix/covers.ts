/** Whether one patch does what another would do. Pure. */

/** True when every line that `other` takes away or adds is taken away or added by `patch`, at the same place of the same
 *  file. Both are unified diffs made from the same files; context lines do not count. */
export function covers(patch: string, other: string): boolean {
  const left = changesIn(patch)
  const wanted = changesIn(other)
  for (const [change, count] of wanted) if ((left.get(change) ?? 0) < count) return false
  return wanted.size > 0
}

/** How often each change occurs, by file, line of the old text, and text. */
function changesIn(diff: string): Map<string, number> {
  const changes = new Map<string, number>()
  let file = ''
  let line = 0
  // Inside of a hunk "--- x" is a line that is taken away: its own counts tell where it ends.
  let [old, made] = [0, 0]
  for (const row of diff.split('\n')) {
    if (old <= 0 && made <= 0) {
      const [, from, had, has] = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@/.exec(row) ?? []
      if (row.startsWith('+++ ')) file = row.slice(4)
      if (from === undefined) continue
      ;[old, made] = [Number(had ?? 1), Number(has ?? 1)]
      // A hunk without old lines stands after its line, others begin at it.
      line = Number(from) + (old === 0 ? 1 : 0)
    } else if (!row.startsWith('\\')) {
      const sign = row.startsWith('+') || row.startsWith('-') ? row[0] : ' '
      if (sign !== ' ') {
        const change = JSON.stringify([file, line, row])
        changes.set(change, (changes.get(change) ?? 0) + 1)
      }
      if (sign !== '-') made--
      if (sign === '+') continue
      old--
      line++
    }
  }
  return changes
}
