/** Light, dark, or as the system has it. The style sheet is written for the system's choice; another one is made by changing
 *  the condition of its media rules, so that every colour is written once. */
import { signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'halfopen-theme'
const DARK = '(prefers-color-scheme: dark)'

/** Where storage is forbidden the choice lasts until the page is closed. */
function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

export const theme = signal<Theme>(stored())

const rules: CSSMediaRule[] = []
function findRules(): void {
  if (rules.length > 0) return
  for (const sheet of document.styleSheets)
    for (const rule of sheet.cssRules)
      if (rule instanceof CSSMediaRule && rule.media.mediaText.includes('prefers-color-scheme: dark')) rules.push(rule)
}

const heard = new Set<() => void>()
/** Calls back whenever colours change. Returns how to stop that. */
export function onColours(listener: () => void): () => void {
  heard.add(listener)
  return () => heard.delete(listener)
}

export function setTheme(next: Theme): void {
  theme.value = next
  try {
    if (next === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, next)
  } catch {
    // As above.
  }
  apply()
}

function apply(): void {
  findRules()
  const condition = theme.value === 'system' ? DARK : theme.value === 'dark' ? 'all' : 'not all'
  for (const rule of rules) rule.media.mediaText = condition
  document.documentElement.style.colorScheme = theme.value === 'system' ? '' : theme.value
  for (const listener of heard) listener()
}

export function startTheme(): void {
  if (theme.value !== 'system') apply()
  matchMedia(DARK).addEventListener('change', () => {
    for (const listener of heard) listener()
  })
}
