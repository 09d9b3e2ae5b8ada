/** One datagram = one message (RFC 5426 §3.1). Nobody can be asked to wait or to send again: what does not fit is gone, and
 *  is counted where we can know of it. */
import { createSocket } from 'node:dgram'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { count, type Receiver, type ReceiverEvents } from './receiver.ts'

/** Asked for; the kernel gives at most net.core.rmem_max. Bursts wait here while we commit. */
const BUFFER_BYTES = 8 * 2 ** 20

export function receiveUdp(host: string, port: number, events: ReceiverEvents): Receiver {
  const type = host.includes(':') ? 'udp6' : 'udp4'
  const socket = createSocket({ type, recvBufferSize: BUFFER_BYTES })
  let dropped = 0
  let buffer = 0
  let closed = false
  let inodes: ReadonlySet<string> = new Set()
  socket.on('listening', () => {
    // Linux answers twice what may be used, socket(7).
    buffer = socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1)
    inodes = ownSockets()
    events.onListening()
  })
  socket.on('message', (message) => {
    if (!events.onMessage(message)) dropped++
  })
  socket.on('error', (error) => events.onError(error))
  socket.bind({ address: host, port, exclusive: true })
  return {
    goOn() {},
    losses() {
      const missed = closed ? 0 : kernelDrops(type, port, inodes)
      const parts: string[] = []
      if (missed > 0) {
        const small =
          buffer < BUFFER_BYTES ? ` (its buffer has ${Math.round(buffer / 1024)} KiB: raise net.core.rmem_max)` : ''
        parts.push(
          `${count(missed, 'message')} came faster than they could be read and the kernel threw them away${small}`,
        )
      }
      if (dropped > 0) parts.push(`${count(dropped, 'message')} came while nothing could be stored and are lost`)
      return parts
    },
    close() {
      closed = true
      return new Promise((resolve) => {
        try {
          socket.close(() => resolve())
        } catch {
          // It never was bound.
          resolve()
        }
      })
    },
  }
}

/** Datagrams the kernel dropped at our socket on this port; 0 where it does not tell (only Linux does). */
function kernelDrops(type: 'udp4' | 'udp6', port: number, inodes: ReadonlySet<string>): number {
  try {
    return dropsOf(readFileSync(type === 'udp4' ? '/proc/net/udp' : '/proc/net/udp6', 'utf8'), port, inodes)
  } catch {
    return 0
  }
}

/** From the text of /proc/net/udp: `sl local_address … inode ref pointer drops`, address as hex:hex. */
export function dropsOf(table: string, port: number, inodes: ReadonlySet<string>): number {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  for (const row of table.split('\n')) {
    const fields = row.trim().split(/\s+/)
    if (!fields[1]?.endsWith(`:${wanted}`) || !inodes.has(fields[9] ?? '')) continue
    return Number(fields[12] ?? 0) || 0
  }
  return 0
}

/** Inodes of the sockets this process has open. */
function ownSockets(): Set<string> {
  const found = new Set<string>()
  if (process.platform !== 'linux') return found
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
      if (inode !== undefined) found.add(inode)
    } catch {
      // Closed meanwhile.
    }
  }
  return found
}
