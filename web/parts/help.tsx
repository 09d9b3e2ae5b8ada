import { useEffect, useRef } from 'preact/hooks'
import { helpOpen } from '../keys.ts'
import { KeyList } from './key-list.tsx'

/** The keys of the page; a dialog of the browser keeps the focus inside and gives it back. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null)
  const open = helpOpen.value
  useEffect(() => {
    if (open && dialog.current?.open === false) dialog.current.showModal()
    if (!open) dialog.current?.close()
  }, [open])
  return (
    <dialog ref={dialog} class="panel help" aria-labelledby="help-title" onClose={() => (helpOpen.value = false)}>
      <h2 id="help-title">Keys</h2>
      <KeyList />
      <button type="button" class="button" onClick={() => (helpOpen.value = false)}>
        Close
      </button>
    </dialog>
  )
}
