/** `syslog:udp://…` and `syslog:tcp://…`: receives what nginx sends with `access_log syslog:server=…` and
 *  `error_log syslog:server=…`, and what rsyslog, syslog-ng and Docker's syslog driver pass on. A message becomes a line; the
 *  syslog envelopes read it. Anyone who reaches the port can send anything: it is read like any other log. */
import { randomUUID } from 'node:crypto'
import type { Source, SourceOptions, SourceStatus } from './contract.ts'
import type { SourceKind } from './kinds.ts'
import { LineQueue } from './line-queue.ts'
import { codeOf } from './regular-file.ts'
import { Longest } from './syslog/longest.ts'
import { parseSyslogName, writeSyslogName, type SyslogName } from './syslog/name.ts'
import { count, type Receiver } from './syslog/receiver.ts'
import { receiveTcp } from './syslog/tcp.ts'
import { receiveUdp } from './syslog/udp.ts'

/** How often what is said about losses is brought up to date, ms. */
const NOTE_EVERY = 1000
const RETRY = { first: 500, last: 30_000 }
/** NGX_MAX_ERROR_STR without its line break: an entry of that length was cut by nginx, as in a file. */
const CUT_ENTRY = 2047
const ENTRY_HEAD = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[/

/** Counts what came in all runs. */
interface SyslogPosition {
  received: number
}

export const syslog: SourceKind = {
  scheme: 'syslog',
  live: true,
  async find(name) {
    return [writeSyslogName(parseSyslogName(name))]
  },
  open: (name, options) => new Syslog(parseSyslogName(name), options),
}

class Syslog implements Source {
  readonly path: string
  private readonly name: SyslogName
  private readonly queue: LineQueue
  private readonly ticking: NodeJS.Timeout
  private receiver: Receiver | null = null
  private restart: NodeJS.Timeout | null = null
  private received: number
  /** Entries that nginx cut. */
  private cut = 0
  private readonly longest = new Longest()
  private listening = false
  private failures = 0
  private closed = false

  constructor(name: SyslogName, options: SourceOptions) {
    this.path = writeSyslogName(name)
    this.name = name
    const { resume } = options
    this.received = (resume?.position as SyslogPosition | undefined)?.received ?? 0
    const start = {
      generation: resume?.generation ?? randomUUID(),
      seq: resume?.seq ?? 0,
      position: this.position(),
      line: this.received + 1,
    }
    this.queue = new LineQueue(options, start, { onRoom: () => this.receiver?.goOn() })
    this.ticking = setInterval(() => this.show(), NOTE_EVERY)
    this.ticking.unref()
    this.start()
  }

  poll(): Promise<void> {
    this.queue.flush()
    return Promise.resolve()
  }

  status(): SourceStatus {
    return this.queue.status()
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    clearInterval(this.ticking)
    if (this.restart) clearTimeout(this.restart)
    await this.receiver?.close()
    this.queue.close()
  }

  private start(): void {
    const { protocol, host, port } = this.name
    const receive = protocol === 'udp' ? receiveUdp : receiveTcp
    this.receiver = receive(host, port, {
      onListening: () => {
        this.listening = true
        this.failures = 0
        this.show()
      },
      onMessage: (message) => this.take(message),
      onError: (error) => this.failed(error),
    })
  }

  private take(message: Buffer): boolean {
    // A datagram cannot wait: it is worth a commit that was planned for later.
    if (this.queue.full && this.name.protocol === 'udp') {
      this.queue.flush()
      if (this.queue.full) return false
    }
    const line = oneLine(message)
    if (line.length === 0) return true
    if (isCutEntry(line)) this.cut++
    else this.longest.add(message.length)
    this.received++
    this.queue.push(line, this.position(), false)
    return this.name.protocol === 'udp' || !this.queue.full
  }

  private position(): SyslogPosition {
    return { received: this.received }
  }

  private failed(error: NodeJS.ErrnoException): void {
    if (this.closed) return
    this.listening = false
    this.failures++
    this.queue.show('unreadable', explain(error, this.name))
    void this.receiver?.close()
    const wait = Math.min(RETRY.first * 2 ** (this.failures - 1), RETRY.last)
    if (this.restart) clearTimeout(this.restart)
    this.restart = setTimeout(() => this.start(), wait)
  }

  private show(): void {
    if (!this.listening || this.closed) return
    const parts = this.receiver?.losses() ?? []
    if (this.cut > 0) parts.push(`${count(this.cut, 'entry', 'entries')} of an error log cut by nginx at 2 KiB`)
    const note = this.longest.note()
    if (note !== null) parts.push(note)
    this.queue.show('idle', parts.length === 0 ? null : `since the start: ${parts.join('; ')}`)
  }
}

/** Line breaks within a message would make lines without its head, and let whoever writes a part of it (a request with
 *  %0a) forge messages. A blank and not `#012`: nginx's own length tells whether it cut the entry. */
function oneLine(message: Buffer): Buffer {
  let end = message.length
  while (end > 0 && isBreak(message[end - 1] as number)) end--
  const line = message.subarray(0, end)
  if (!line.includes(10) && !line.includes(13)) return line
  return Buffer.from(line.map((byte) => (byte === 10 || byte === 13 ? 32 : byte)))
}

/** What senders put behind a message: line feed, carriage return, NUL. */
const isBreak = (byte: number): boolean => byte === 10 || byte === 13 || byte === 0

function isCutEntry(line: Buffer): boolean {
  const at = line.length - CUT_ENTRY
  return at > 0 && ENTRY_HEAD.test(line.toString('latin1', at, at + 24))
}

function explain(error: Error, { protocol, host, port }: SyslogName): string {
  const where = `${protocol} port ${port} of ${host}`
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return `${where} is in use by another program; choose another port here and in nginx's syslog:server=`
    case 'EACCES':
    case 'EPERM':
      return `${where} may not be opened; ports below 1024 need root: choose a higher one here and in nginx's syslog:server=`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine (yet)`
    default:
      return `${where}: ${error.message}`
  }
}
