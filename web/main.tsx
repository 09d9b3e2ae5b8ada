import { render } from 'preact'
import { App } from './app.tsx'
import { connection, refresh, take } from './state.ts'
import { startStream } from './stream.ts'
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

const root = document.getElementById('app')
if (root) render(<App />, root)
startStream({
  onMessage: take,
  onConnection: (state) => (connection.value = state),
  refresh,
})
