/** What is checked once of each message of an error log before entries with it are counted from their bytes. Their text
 *  is what the kernel looks them up by: numbers that tell nothing are left out. */
import { mayQuote } from '../../parsers/nginx/error-message.ts'
import { CONTEXT, ERROR, FILE, LEVEL, NUMBERS } from './kernel/layout.ts'

/** Whether the message ends where it was found to end, on this line: what it may quote cannot reach further. */
export function isCertain(text: string, tag: number): boolean {
  if ((tag & FILE) !== 0) return true
  if (/, (?:upstream|subrequest): "|, udp client: /.test(text)) return false
  return !mayQuote(text) || ((tag & CONTEXT) !== 0 && QUOTES_NOTHING.test(text))
}

/** They may quote what comes soon (FOREIGN in parsers/nginx/error-message.ts), and have no quote so soon. */
const QUOTES_NOTHING = /^(?:upstream|client) sent [^"]{52,}$/

/** Whether all such entries say the same. Numbers that were left out tell nothing in these messages, but could make an
 *  action of what is none behind ` while `, which counts from the level `error` on. */
export function speaksForOthers(text: string, tag: number, ordinary: boolean): boolean {
  if ((tag & NUMBERS) === 0) return true
  if (!ordinary) return (tag & CONTEXT) !== 0 && LIMITS.test(text)
  return (tag & LEVEL) < ERROR || !text.includes(' while ')
}

const LIMITS = /^limiting (?:requests, excess|connections by zone)/
