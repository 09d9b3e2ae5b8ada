import { render } from 'preact'
import { App } from './app.tsx'
import { findFeatures } from './features.ts'
import { startKeys } from './keys.ts'
import { connection, refresh, take } from './state.ts'
import { startStream } from './stream.ts'
import { startTheme } from './theme.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/code.css'
import './styles/problems.css'
import './styles/problem.css'
import './styles/trends.css'
import './styles/live.css'
import './styles/sources.css'
import './styles/analyze.css'
import './styles/pages.css'

const root = document.getElementById('app')
startTheme()
startKeys()
void findFeatures()
if (root) render(<App />, root)
startStream({
  onMessage: take,
  onConnection: (state) => (connection.value = state),
  refresh,
})
