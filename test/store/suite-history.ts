/** What every store must keep of decisions and notes of people, and of what became of a problem. */
import { describe, expect, it } from 'vitest'
import type { Store } from '../../server/store/contract.ts'
import { problem, T0 } from './material.ts'

export function historySuite(name: string, open: () => Store, reopen: (store: Store) => Store): void {
  describe(`${name}: history of problems`, () => {
    it('keeps what was decided by hand, notes, and what became of a problem', () => {
      let store = open()
      const mute = { is: 'muted', until: T0 + 9 } as const
      const saved = (more: object): void => store.saveProblems([{ ...problem('a'), ...more }], [])
      saved({ state: 'new', changed_at: T0 })
      saved({ state: 'ongoing', changed_at: T0 + 1 })
      saved({ state: 'muted', changed_at: T0 + 2, hand: mute })
      saved({ state: 'muted', changed_at: T0 + 2, hand: mute, alerted: false })
      saved({ state: 'muted', changed_at: T0 + 3, hand: { is: 'muted', until: 'regressed' } })
      saved({ state: 'ongoing', changed_at: T0 + 4 })
      saved({ state: 'resolved', changed_at: T0 + 5, hand: { is: 'resolved' } })
      saved({ state: 'ongoing', changed_at: T0 + 6 })
      expect(store.addNote('a', T0 + 7, 'restarted it <b>')).toBe(true)
      saved({ state: 'resolved', changed_at: T0 + 8 })
      store.saveProblems([{ ...problem('b'), hand: mute }], [])
      store = reopen(store)
      const history = store.history('a')
      expect(history.map(({ at, what, text }) => [at - T0, what, text])).toEqual([
        [0, 'new', null],
        [2, 'muted', String(T0 + 9)],
        [3, 'muted', '"regressed"'],
        [4, 'unmuted', null],
        [5, 'resolved-by-hand', null],
        [6, 'reopened', null],
        [7, 'note', 'restarted it <b>'],
        [8, 'resolved', 'quiet'],
      ])
      const find = (id: string) => store.problems().find((one) => one.id === id)
      expect([find('a')?.notes, find('a')?.hand]).toEqual([1, undefined])
      expect(find('b')).toMatchObject({ hand: mute })
      const note = history.find(({ what }) => what === 'note')?.id ?? 0
      expect([store.deleteNote('b', note), store.deleteNote('a', note), store.deleteNote('a', note)]).toEqual([
        false,
        true,
        false,
      ])
      // A step is no note.
      expect(store.deleteNote('a', history[0]?.id ?? 0)).toBe(false)
      expect(find('a')).not.toHaveProperty('notes')
    })

    it('bounds the history of a problem that flaps, and the notes on it', () => {
      const store = open()
      expect(store.addNote('a', T0, 'kept')).toBe(true)
      for (let n = 0; n < 300; n++)
        store.saveProblems([{ ...problem('a'), state: n % 2 === 0 ? 'regressed' : 'resolved', changed_at: T0 + n }], [])
      const steps = store.history('a')
      expect(steps).toHaveLength(101)
      expect([steps[0]?.text, steps.at(-1)?.at]).toEqual(['kept', T0 + 299])
      let notes = 1
      while (store.addNote('a', T0, 'n')) notes++
      expect(notes).toBe(100)
      expect(store.history('b')).toEqual([])
    })

    it('goes with a problem that outlived the retention', () => {
      const store = open()
      const old = Array.from({ length: 1001 }, (_, n) => problem(`p${n}`)).map(
        (row, n) => ({ ...row, state: 'resolved', changed_at: T0 + n }) as const,
      )
      store.saveProblems(old, [])
      store.addNote('p0', T0, 'gone soon')
      store.addNote('p1000', T0, 'stays')
      while (store.expire(T0 + 86_400_000));
      expect(store.problems().map(({ id }) => id)).not.toContain('p0')
      expect([store.history('p0'), store.history('p1000').length]).toEqual([[], 2])
    })
  })
}
