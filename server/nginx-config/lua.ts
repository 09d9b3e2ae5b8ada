/** Finds where a Lua block ends: braces in Lua strings and comments do not count.
 *  Source: ngx_http_lua_conf_lua_block_parse (lua-nginx-module); Lua 5.1 §2.1. */

const INTERESTING = /--\[=*\[|--|\[=*\[|["'{}]/g

/** Index of the `}` that closes the block whose inside starts at `start`; -1 when there is none. */
export function endOfLua(text: string, start: number): number {
  const pattern = new RegExp(INTERESTING)
  pattern.lastIndex = start
  let depth = 0
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const mark = found[0]
    if (mark === '{') depth++
    else if (mark === '}') {
      if (depth-- === 0) return found.index
    } else {
      const end = skip(text, mark, pattern.lastIndex)
      if (end === -1) return -1
      pattern.lastIndex = end
    }
  }
  return -1
}

/** End of the string or comment that `mark` opened; -1 when it is never closed. */
function skip(text: string, mark: string, from: number): number {
  if (mark === '"' || mark === "'") return endOfString(text, mark, from)
  if (mark === '--') {
    const lf = text.indexOf('\n', from)
    return lf === -1 ? -1 : lf
  }
  const close = mark.replace('--', '').replaceAll('[', ']')
  const end = text.indexOf(close, from)
  return end === -1 ? -1 : end + close.length
}

function endOfString(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '\\') at++
    else if (char === quote) return at + 1
  }
  return -1
}
