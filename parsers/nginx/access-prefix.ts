/** What stands before `[time]` in a line that is otherwise combined: addresses, a virtual host, the user. */
import { isAddress } from './access-keys.ts'

export interface Prefix {
  names: string[]
  values: string[]
}

const HOST_OR_ADDRESS = /^[\w.:%[\]*-]{1,255}$/
/** Addresses separated by `, `, as X-Forwarded-For has them. */
const LIST_END = /(?:[^\s,"]{1,255}, ?){0,64}[^\s,"]{1,255}$/

/** `vhost "10.0.0.1, 10.0.0.2" 192.0.2.7 - user`, and less of it. Null when no part of it is an address or a name. */
export function readPrefix(text: string): Prefix | null {
  if (text.length > 4000) return null
  const prefix: Prefix = { names: [], values: [] }
  const add = (name: string, value: string): void => {
    prefix.names.push(name)
    prefix.values.push(value)
  }
  const dash = text.indexOf(' - ')
  if (dash < 0) return withoutDash(text, add) ? prefix : null
  if (!addresses(text.slice(0, dash), add)) return null
  add('remote_user', text.slice(dash + 3).replace(/^"(.*)"$/, '$1'))
  return prefix
}

type Add = (name: string, value: string) => void

/** `[vhost ]["forwarded" |forwarded ]address`. */
function addresses(text: string, add: Add): boolean {
  const list = LIST_END.exec(text)?.[0]
  if (list === undefined) return false
  const before = text.slice(0, text.length - list.length).trim()
  const several = list.includes(',')
  if (before === '') {
    if (!several && !HOST_OR_ADDRESS.test(list)) return false
    add(several ? 'http_x_forwarded_for' : 'remote_addr', list)
    return true
  }
  if (several) {
    if (!vhost(before, add)) return false
    add('http_x_forwarded_for', list)
    return true
  }
  const quoted = /^(?:(\S{1,255}) )?"([^"]*)"$/.exec(before)
  const forwarded = quoted ? (quoted[2] as string) : before.includes(',') ? (LIST_END.exec(before)?.[0] ?? '') : null
  const host = quoted ? (quoted[1] ?? '') : before.slice(0, before.length - (forwarded?.length ?? 0)).trim()
  if (host !== '' && !vhost(host, add)) return false
  if (forwarded !== null) add('http_x_forwarded_for', forwarded)
  if (!HOST_OR_ADDRESS.test(list)) return false
  add('remote_addr', list)
  return true
}

function vhost(text: string, add: Add): boolean {
  if (!HOST_OR_ADDRESS.test(text)) return text === '-'
  const port = isAddress(text) ? null : /^(.+):(\d{1,5})$/.exec(text)
  add(port ? 'server_name' : 'host', port ? (port[1] as string) : text)
  if (port) add('server_port', port[2] as string)
  return true
}

/** fluentd's `address host user`, `host address`, `address user`, or the address alone. */
function withoutDash(text: string, add: Add): boolean {
  const words = text.split(' ')
  if (words.length > 3 || !words.every((word) => HOST_OR_ADDRESS.test(word))) return false
  const [first, second, third] = words as [string, string?, string?]
  if (second !== undefined && third === undefined && !isAddress(first) && isAddress(second)) {
    add('host', first)
    add('remote_addr', second)
    return true
  }
  add('remote_addr', first)
  if (third !== undefined) add('host', second as string)
  const user = third ?? second
  if (user !== undefined) add('remote_user', user)
  return true
}
