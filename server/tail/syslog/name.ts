/** Names of syslog receivers: `syslog:udp://127.0.0.1:5514`, `syslog:tcp://[::1]:5514`. */

export interface SyslogName {
  protocol: 'udp' | 'tcp'
  /** Without brackets. */
  host: string
  port: number
}

const NAME = /^syslog:(udp|tcp):\/\/(\[[\da-fA-F:.]+(?:%\w+)?\]|[\w.-]*)(?::(\d{1,5}))?\/?$/
/** RFC 5426 §3.3, and what nginx sends to when it is told none. */
const PORT = 514

/** Without a host it is loopback: everyone may send, and what is sent is believed. Other addresses are to be written out.
 *  @throws Error with one sentence for a person, to be put behind the name. */
export function parseSyslogName(name: string): SyslogName {
  const [, protocol, host = '', digits] = NAME.exec(name) ?? []
  const port = digits === undefined ? PORT : Number(digits)
  if (protocol === undefined || port === 0 || port > 65_535)
    throw new Error(
      'expected syslog:udp://ADDRESS:PORT or syslog:tcp://ADDRESS:PORT, such as syslog:udp://127.0.0.1:5514',
    )
  return {
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    host: host === '' ? '127.0.0.1' : host.replace(/^\[|\]$/g, '').toLowerCase(),
    port,
  }
}

/** The one name of a receiver, however it was written. */
export function writeSyslogName({ protocol, host, port }: SyslogName): string {
  return `syslog:${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
