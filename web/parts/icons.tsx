/** Signs drawn inline. Each severity has its own shape, so that colour is never the only difference. */
import type { Severity } from '../../server/http/wire.ts'

/** The mark: a circle that does not close. */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
    <path d="M25.2 8.3a12 12 0 1 0 0 15.4" fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round" />
    <circle cx="16" cy="16" r="4.5" fill="currentColor" />
  </svg>
)

const SHAPES = {
  critical: <path d="M6.6 1.5h6.8l5.1 5.1v6.8l-5.1 5.1H6.6l-5.1-5.1V6.6z" />,
  error: <path d="M10 1 19 10 10 19 1 10z" />,
  warning: <path d="M10 1.8 19.2 18H.8z" />,
  info: <circle cx="10" cy="10" r="9" />,
}

export const SeverityIcon = ({ severity }: { severity: Severity }) => (
  <svg class={`severity-icon ${severity}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
    {SHAPES[severity]}
    <path
      class="severity-icon-sign"
      d={
        severity === 'info' ? 'M10 9v5M10 6v.2' : severity === 'warning' ? 'M10 8v4.4M10 15v.2' : 'M10 5.6v5.2M10 14v.2'
      }
    />
  </svg>
)

export type Mood = 'broken' | 'history' | 'calm' | 'partial' | 'blind'

/** The large sign of the status line. */
export const MoodIcon = ({ mood }: { mood: Mood }) => (
  <svg class={`mood ${mood}`} viewBox="0 0 40 40" width="44" height="44" aria-hidden="true">
    <circle class="mood-disc" cx="20" cy="20" r="19" />
    <path
      class="mood-sign"
      d={
        mood === 'calm'
          ? 'M12.5 20.5l5 5 10-10.5'
          : mood === 'broken'
            ? 'M20 11v11M20 28v.2'
            : mood === 'history'
              ? 'M20 12v8.5l5.5 3.5'
              : 'M11 20h18'
      }
    />
  </svg>
)

const PATHS = {
  copy: 'M7 7V4.5A1.5 1.5 0 0 1 8.5 3h7A1.5 1.5 0 0 1 17 4.5v7a1.5 1.5 0 0 1-1.5 1.5H13M4.5 7h7A1.5 1.5 0 0 1 13 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 15.5v-7A1.5 1.5 0 0 1 4.5 7z',
  done: 'M4 10.5l4 4 8-9',
  back: 'M12.5 4.5 7 10l5.5 5.5',
  next: 'M7.5 4.5 13 10l-5.5 5.5',
  pause: 'M7 4.5v11M13 4.5v11',
  play: 'M6.5 4.5v11l9-5.5z',
  plus: 'M10 5v10M5 10h10',
  minus: 'M5 10h10',
}

export const Icon = ({ name }: { name: keyof typeof PATHS }) => (
  <svg class="icon" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
)
