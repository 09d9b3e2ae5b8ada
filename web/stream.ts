/** Live updates: Server-Sent Events while they get through, asking every few seconds while they do not. */
import type { StreamMessages } from '../server/http/wire.ts'
import { ApiError, address } from './api.ts'
import { retryAfter, step, type Connection, type Happened } from './connection.ts'

/** A proxy that buffers accepts the stream and then says nothing; the greeting must come within this time. */
const HELLO_WITHIN = 5000
const POLL_EVERY = 5000
/** Also while live: a connection that a firewall forgot looks open for ever. */
const CHECK_EVERY = 60_000

export type Message = { [K in keyof StreamMessages]: { name: K; data: StreamMessages[K] } }[keyof StreamMessages]
const NAMES: (keyof StreamMessages)[] = ['hello', 'problem', 'series', 'event', 'source']

export interface StreamHandlers {
  onMessage(message: Message): void
  onConnection(connection: Connection): void
  /** Read again what is shown; rejects with ApiError. */
  refresh(): Promise<void>
}

/** Browsers allow six connections per host over HTTP/1.1; a forgotten tab should not hold one. */
const SLEEP_AFTER_HIDDEN = 300_000

/** Connects and stays connected until the page is closed. */
export function startStream({ onMessage, onConnection, refresh }: StreamHandlers): void {
  let connection: Connection = { state: 'connecting', failures: 0 }
  let source: EventSource | null = null
  let helloTimer = 0
  let retryTimer = 0
  let pollTimer = 0
  let sleepTimer = 0
  let polling = false
  let asleep = false

  const happen = (happened: Happened) => {
    connection = step(connection, happened)
    onConnection(connection)
  }

  const drop = () => {
    source?.close()
    source = null
    clearTimeout(helloTimer)
    clearTimeout(retryTimer)
  }

  const failed = () => {
    drop()
    const before = connection.state
    happen('stream-failed')
    // The next check of a live page is a minute away; from now on it asks more often.
    if (connection.failures === 1 || (connection.state === 'polling' && before !== 'polling')) void poll()
    if (connection.state !== 'offline') retryTimer = window.setTimeout(open, retryAfter(connection.failures))
  }

  const open = () => {
    drop()
    const opened = new EventSource(address('stream'))
    source = opened
    helloTimer = window.setTimeout(failed, HELLO_WITHIN)
    opened.addEventListener('error', failed)
    for (const name of NAMES) {
      opened.addEventListener(name, (event: MessageEvent<string>) => {
        if (name === 'hello') {
          clearTimeout(helloTimer)
          happen('hello')
          // Whatever was missed while there was no stream.
          void poll()
        }
        onMessage({ name, data: JSON.parse(event.data) as unknown } as Message)
      })
    }
  }

  const poll = async () => {
    if (polling) return
    polling = true
    clearTimeout(pollTimer)
    const wasOffline = connection.state === 'offline'
    try {
      await refresh()
      happen('answered')
      if (wasOffline) open()
    } catch (error) {
      if (error instanceof ApiError && error.code === 'unreachable') {
        drop()
        happen('unreachable')
      }
    }
    polling = false
    const pause = connection.state === 'polling' || connection.state === 'offline' ? POLL_EVERY : CHECK_EVERY
    if (!asleep) pollTimer = window.setTimeout(() => void poll(), pause)
  }

  const sleep = () => {
    asleep = true
    drop()
    clearTimeout(pollTimer)
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(sleepTimer)
    if (document.hidden) {
      sleepTimer = window.setTimeout(sleep, SLEEP_AFTER_HIDDEN)
    } else if (asleep) {
      asleep = false
      open()
      void poll()
    }
  })
  open()
  void poll()
}
