/** Fields of toolbars. */

/** The key `/` goes to the first of these on a page (keys.ts). */
export const Search = ({
  label,
  value,
  onInput,
  placeholder = 'Search',
}: {
  label: string
  value: string
  onInput: (text: string) => void
  placeholder?: string
}) => (
  <label class="filter">
    <span class="offscreen">{label}</span>
    <input
      type="search"
      placeholder={placeholder}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  </label>
)

/** A choice of one, or of any. A value that is not on the list (an old link) is shown all the same. */
export function Choice({
  label,
  value = '',
  of,
  onChoose,
  any = 'any',
}: {
  label: string
  value: string | undefined
  of: readonly (readonly [id: string, word: string])[]
  onChoose: (value: string) => void
  any?: string
}) {
  const unknown = value !== '' && !of.some(([id]) => id === value)
  return (
    <label class="choice">
      <span class="label">{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">{any}</option>
        {of.map(([id, word]) => (
          <option value={id} key={id}>
            {word}
          </option>
        ))}
        {unknown && <option value={value}>{value}</option>}
      </select>
    </label>
  )
}
