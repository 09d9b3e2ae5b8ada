/** The keyboard: `/` searches, `j` and `k` walk the list, Enter opens what is focused, `?` tells all this. */
import { signal } from '@preact/signals'

export const helpOpen = signal(false)

export const KEYS: readonly [key: string, meaning: string][] = [
  ['/', 'Search on this page'],
  ['j, k', 'Next and previous problem'],
  ['Enter', 'Open it'],
  ['u', 'Back to the list of problems'],
  ['p', 'Pause or resume the live page'],
  ['?', 'These keys'],
  ['Esc', 'Close, or leave the search field'],
]

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Moves the focus among the rows of the page; the first one when none has it. */
function walk(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
  const at = rows.findIndex((row) => row === document.activeElement)
  const next = at === -1 ? rows[0] : rows[at + by]
  next?.focus()
  next?.closest('li')?.scrollIntoView({ block: 'nearest' })
}

export function startKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.key === 'Escape' && typing(event.target)) (event.target as HTMLElement).blur()
    if (typing(event.target) || helpOpen.value) return
    switch (event.key) {
      case '/': {
        const search = document.querySelector<HTMLInputElement>('main input[type="search"]')
        if (!search) return
        search.focus()
        search.select()
        break
      }
      case 'j':
        walk(1)
        break
      case 'k':
        walk(-1)
        break
      case 'u':
        location.hash = '#/'
        break
      case 'p':
        document.querySelector<HTMLElement>('[data-pause]')?.click()
        break
      case '?':
        helpOpen.value = true
        break
      default:
        return
    }
    event.preventDefault()
  })
}
