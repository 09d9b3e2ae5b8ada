import { useSignal } from '@preact/signals'
import { Icon } from './icons.tsx'

/** navigator.clipboard exists only on https and localhost; many dashboards are opened by the LAN address. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.className = 'offscreen'
    const before = document.activeElement
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    if (before instanceof HTMLElement) before.focus()
    return done
  }
}

/** Copies exactly what is shown: the caller passes text that went through `visible`. */
export function CopyButton({ text, what = 'Copy' }: { text: string; what?: string }) {
  const said = useSignal<string | null>(null)
  const copy = async () => {
    said.value = (await toClipboard(text)) ? 'Copied' : 'Select and copy by hand'
    setTimeout(() => (said.value = null), 2500)
  }
  return (
    <button type="button" class="button small" onClick={() => void copy()}>
      <Icon name={said.value === 'Copied' ? 'done' : 'copy'} />
      <span aria-live="polite">{said.value ?? what}</span>
    </button>
  )
}
