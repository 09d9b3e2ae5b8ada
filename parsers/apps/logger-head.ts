/** The heads that Python's logging, gunicorn and Home Assistant put before a server's request lines. A server's parser takes
 *  its own requests behind them; the general parsers leave those. */
import type { LogTime } from '../record.ts'
import { LEVEL, levelName } from './app-record.ts'
import { appTime, STAMP } from './app-time.ts'

const TIME = `(?<time>${STAMP})`
const LEVEL_WORD = `(?<level>${LEVEL})`
const HEADS: readonly RegExp[] = [
  // gunicorn: `[TIME] [PID] [LEVEL] `
  `^\\[${TIME}\\] \\[\\d{1,10}\\] \\[${LEVEL_WORD}\\] `,
  // basicConfig: `LEVEL:logger:`
  `^${LEVEL_WORD}:[\\w.-]{1,200}:`,
  // `TIME - logger - LEVEL - `
  `^${TIME} - [\\w.-]{1,200} - ${LEVEL_WORD} - `,
  // `TIME LEVEL `, `TIME [LEVEL] logger: `, `TIME LEVEL (thread) [logger] `
  `^${TIME} +\\[?${LEVEL_WORD}\\]?:? +(?:\\([^()]{1,100}\\) )?(?:\\[[\\w.-]{1,200}\\] +|[a-z][\\w]{0,60}(?:\\.\\w{1,60}){0,6}:? +(?:- +)?)?`,
  // `TIME logger LEVEL `
  `^${TIME} [a-z]\\w{0,60}(?:\\.\\w{1,60}){0,6} +${LEVEL_WORD} +`,
  // script-server: `TIME [logger.LEVEL] `
  `^${TIME} \\[[\\w.-]{1,200}\\.${LEVEL_WORD}\\] `,
  // Moonraker: `TIME [file.py:function()] - `
  `^${TIME} \\[[\\w.]{1,80}:\\w{1,80}\\(\\)\\] - `,
  // Streamlit: `TIME `
  `^${TIME} +`,
].map((source) => new RegExp(source))

export interface LoggerHead {
  /** Null when the head has no stamp, or one that is no date. */
  time: LogTime | null
  level: string | null
  rest: string
}

/** The first head after which `rest` matches; null when there is none. */
export function behindHead(text: string, rest: RegExp): LoggerHead | null {
  for (const pattern of HEADS) {
    const head = pattern.exec(text)
    if (!head) continue
    const behind = text.slice(head[0].length)
    if (!rest.test(behind)) continue
    const { time, level } = head.groups ?? {}
    return {
      time: time === undefined ? null : appTime(time),
      level: level === undefined ? null : levelName(level),
      rest: behind,
    }
  }
  return null
}
