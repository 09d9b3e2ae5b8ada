import type { SourceState } from '../../server/http/wire.ts'

const WORDS: Record<SourceState['state'], { word: string; tone: 'good' | 'quiet' | 'bad'; meaning: string }> = {
  reading: { word: 'Reading', tone: 'good', meaning: 'New lines are read as they are written' },
  idle: { word: 'Idle', tone: 'quiet', meaning: 'Read to the end; nothing new is being written' },
  missing: { word: 'Missing', tone: 'bad', meaning: 'It is not there now' },
  unreadable: { word: 'Cannot read', tone: 'bad', meaning: 'It is there, but cannot be read' },
}

export const SourceStateBadge = ({ state }: { state: SourceState['state'] }) => (
  <span class={`badge kind-${WORDS[state].tone}`} title={WORDS[state].meaning}>
    {WORDS[state].word}
  </span>
)
