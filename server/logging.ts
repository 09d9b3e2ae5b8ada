/** What a running server says on stderr: one line per message, for people or as JSON. */
import { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'

export type { Logger } from 'pino'

/** Text of log lines can be in a message, and their authors want to steer terminals: control and format characters are
 *  written as `\u{…}`. Tabs stay. */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => (c === '\t' ? c : `\\u{${c.codePointAt(0)?.toString(16)}}`))

/** @param to where lines go; `form` text prints `halfopen: …`. */
export function createLogger(form: 'text' | 'json', to: NodeJS.WritableStream = process.stderr): Logger {
  const lines = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      to.write(form === 'json' ? chunk : readable(String(chunk)))
      done()
    },
  })
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    lines,
  )
}

function readable(line: string): string {
  const { level, msg, err } = JSON.parse(line) as { level: string; msg?: string; err?: { stack?: string } }
  const stack = err?.stack === undefined ? '' : `\n${err.stack.split('\n').map(plain).join('\n')}`
  return `halfopen: ${level === 'info' ? '' : `${level}: `}${plain(msg ?? '')}${stack}\n`
}
