/** Refuses a Node.js that cannot run halfopen, before anything newer is parsed. Keep to the syntax of 2015 here and
 *  in the files npm scripts start, so that an old Node reaches the message instead of a SyntaxError. */

/** Kept equal to package.json "engines" by test/setup/node-version.test.ts. */
export const SUPPORTED = '^20.19.0 || >=22.14.0'

/** Whether a version such as "v22.14.0" can run halfopen. 22.0 to 22.13 lack Node-API 10, without which
 *  better-sqlite3 13 kills the process; 21 has neither that nor a compiled driver of its own. */
export function isSupported(version) {
  const parts = /^v?(\d+)\.(\d+)\./.exec(version)
  if (!parts) return false
  const major = Number(parts[1])
  const minor = Number(parts[2])
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 14) || major > 22
}

/** One line for stderr, or null when this Node will do. */
export function refusal(version, executable) {
  if (isSupported(version)) return null
  return (
    'halfopen: Node.js ' +
    version +
    ' (' +
    executable +
    ') is not supported: needs ' +
    SUPPORTED +
    '. Install Node.js 24 (https://nodejs.org/en/download), then run the command again.\n'
  )
}
