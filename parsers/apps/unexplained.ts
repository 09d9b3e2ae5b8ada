/** Errors of applications about their sockets that no sign stands for, by their shape, so that what recurs is counted
 *  together. Nothing of a visitor stays in it: what names, numbers, quotes or addresses is a gap. */
import { maskText } from '../masking.ts'
import type { AppRecord } from '../record.ts'

const LEVELS: ReadonlySet<string | null> = new Set(['error', 'fatal', 'panic'])
/** An application has many errors. Of interest are those that speak of a socket; a file's or database's socket is another. */
const ABOUT =
  /web ?sockets?|socket\.io|engine\.io|sockjs|signalr|\bwss?\b|\bhandshake|\bupgrad(?:e|ing) (?:request|header|connection|failed)|hijack/i
/** A kubelet tries WebSocket first and falls back to SPDY: noise. */
const NOISE = /websocket server finished before becoming ready/
const LOOKED_AT = 1000
const KEPT = 100

/** The shape of such a record, at most 100 characters; null for any other. */
export function unexplained({ level, message }: AppRecord, words: string): string | null {
  if (!LEVELS.has(level) || !ABOUT.test(words.slice(0, LOOKED_AT))) return null
  if (NOISE.test(message)) return null
  const shape = template(message)
  return shape === '' ? null : shape
}

function template(message: string): string {
  const [line = ''] = message.slice(0, LOOKED_AT).split('\n', 1)
  return maskText(line)
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .replace(/"[^"]*"?|'[^']*'(?!\w)|`[^`]*`?|\{[^{}]*\}?|\[[^[\]]*\]?|<[^<>]*>?/g, '…')
    .replace(/\b[a-z][a-z\d+.-]{1,15}:\/\/\S+|\S+@\S+|\/\S+/gi, '…')
    .replace(/\b(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}\b/g, (name) =>
      /^(?:[A-Za-z]+\.)+[A-Z]\w+$|\.(?:io|js)$/.test(name) ? name : '…',
    )
    .replace(/\S{25,}/g, '…')
    .replace(/[\da-f]*\d[\da-f:.]*/gi, 'N')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, KEPT)
    .trim()
}
