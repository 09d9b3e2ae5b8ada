import { connection, outdated, problems } from '../state.ts'
import type { ConnectionState } from '../connection.ts'
import { CodeBlock } from './code.tsx'
import { Notice } from './notice.tsx'

const WORDS: Record<ConnectionState, { word: string; meaning: string }> = {
  connecting: { word: 'Connecting', meaning: 'Opening the live stream' },
  live: { word: 'Live', meaning: 'New lines show up as they are read' },
  reconnecting: { word: 'Reconnecting', meaning: 'The live stream broke off; trying again' },
  polling: {
    word: 'Polling every 5 s',
    meaning: 'The live stream does not get through; asking every 5 seconds instead',
  },
  offline: { word: 'Not connected', meaning: 'halfopen does not answer' },
}

export function ConnectionSign() {
  const { state } = connection.value
  return (
    <div class={`connection ${state}`} role="status" title={WORDS[state].meaning}>
      <span class="connection-dot" aria-hidden="true" />
      {WORDS[state].word}
    </div>
  )
}

const PROXY_FIX = `proxy_http_version 1.1;
proxy_buffering off;
proxy_cache off;
proxy_read_timeout 1h;`

/** What the reader can do about it, when the connection is not what it should be. */
export function ConnectionBanner() {
  const { state } = connection.value
  if (outdated.value) {
    return (
      <Notice tone="plain">
        <p>
          halfopen was updated while this page was open.{' '}
          <button type="button" class="button small" onClick={() => location.reload()}>
            Load the new page
          </button>
        </p>
      </Notice>
    )
  }
  if (state === 'offline') {
    return (
      <Notice tone="bad">
        <p>
          <strong>halfopen does not answer.</strong> What is shown may be old. This page tries again every 5 seconds; if
          it stays like this, check that <code>halfopen serve</code> is still running.
        </p>
      </Notice>
    )
  }
  // When the API fails too, its own message is on the page and the proxy is not the news.
  if (state !== 'polling' || problems.value.error) return null
  return (
    <Notice tone="plain">
      <p>
        <strong>Live updates do not get through</strong>, so this page asks every 5 seconds. Most likely a proxy in
        front of halfopen holds the stream back.
      </p>
      <details>
        <summary>How to let it through</summary>
        <p>
          halfopen already sends <code>X-Accel-Buffering: no</code>. If your nginx ignores that header (
          <code>proxy_ignore_headers</code>) or another proxy stands in between, put this into the location that leads
          here, then reload nginx:
        </p>
        <CodeBlock label="nginx, in the location for halfopen" text={PROXY_FIX} />
      </details>
    </Notice>
  )
}
