import { KEYS } from '../keys.ts'

/** What each key does; on the Settings page and behind `?`. */
export const KeyList = () => (
  <dl class="keys">
    {KEYS.map(([key, meaning]) => (
      <div key={key}>
        <dt>
          <kbd>{key}</kbd>
        </dt>
        <dd>{meaning}</dd>
      </div>
    ))}
  </dl>
)
