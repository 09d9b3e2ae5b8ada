/** Which names in a directory are logs. */
import { rotatedName } from './rotated-name.ts'

const LOG_NAME = /^[^.].*\.log$|^(?:access|error|proxy_)[^/]*$|_log$/i
const ROTATED = /\.(?:\d+|gz|bz2|xz|zst|zip|old|bak|swp|processed)$|-\d{8,}$/i
/** cPanel's byte counters lie between the logs and are none. */
const NO_LOG = /-bytes_log$/

/** A live log: what `serve` follows. */
export const isLogName = (name: string): boolean => LOG_NAME.test(name) && !ROTATED.test(name) && !NO_LOG.test(name)

/** Not live by its name, whatever else it may be: for places where every file is a log. */
export const isOldOrNone = (name: string): boolean => ROTATED.test(name) || NO_LOG.test(name)

/** Copies, pages and pictures: `error.html` begins like a log. */
const NO_LOG_ENDING =
  /(?:~|\.(?:bak|swp|swo|tmp|html?|php|css|js|png|jpe?g|gif|svg|ico|db|sqlite3?|pid|sock|conf|zip))$/i

/** An older file of a log whose live one would be followed. */
export function isRotatedLog(name: string): boolean {
  const { log, packed, rotation } = rotatedName(name)
  return (rotation !== null || packed) && isLogName(log) && !NO_LOG_ENDING.test(log)
}

/** Read when its directory is named. */
export const isAnyLog = (name: string): boolean => (isLogName(name) && !NO_LOG_ENDING.test(name)) || isRotatedLog(name)
