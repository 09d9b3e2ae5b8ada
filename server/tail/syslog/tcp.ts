/** Syslog over TCP (RFC 6587). Who sends faster than we commit waits in its own write. Memory is bounded by the number of
 *  connections times the longest message. */
import { createServer, type Socket } from 'node:net'
import { FrameReader } from './frames.ts'
import { count, type Receiver, type ReceiverEvents } from './receiver.ts'

const LIMITS = {
  connections: 128,
  /** A connection that has not sent a whole message yet is closed after so long without a byte, ms. */
  silent: 60_000,
  /** One that has is a sender with nothing to say. It would connect again. */
  idle: 3_600_000,
}

export type TcpLimits = typeof LIMITS

export function receiveTcp(host: string, port: number, events: ReceiverEvents, limits: TcpLimits = LIMITS): Receiver {
  const sockets = new Set<Socket>()
  let refused = 0
  let cut = 0
  let paused = false

  function pause(): void {
    paused = true
    for (const socket of sockets) socket.pause()
  }

  function connected(socket: Socket): void {
    sockets.add(socket)
    const frames = new FrameReader({
      onMessage(message, isCut) {
        if (isCut) cut++
        socket.setTimeout(limits.idle)
        if (!events.onMessage(message)) pause()
      },
    })
    let over = false
    const end = (): void => {
      if (!over) frames.end()
      over = true
    }
    // A peer that vanished without a word is found by the kernel's probes.
    socket.setKeepAlive(true, 60_000)
    socket.setTimeout(limits.silent, () => {
      // Silent because we do not read.
      if (!paused) socket.destroy()
    })
    socket.on('data', (bytes: Buffer) => {
      if (!over) frames.push(bytes)
    })
    socket.on('end', end)
    // A reset; what came before it is here.
    socket.on('error', end)
    socket.on('close', () => {
      end()
      sockets.delete(socket)
    })
    if (paused) socket.pause()
  }

  const server = createServer(connected)
  server.maxConnections = limits.connections
  server.on('drop', () => refused++)
  server.on('listening', () => events.onListening())
  server.on('error', (error) => events.onError(error))
  server.listen({ host, port, exclusive: true })
  return {
    goOn() {
      paused = false
      for (const socket of sockets) socket.resume()
    },
    losses() {
      const parts: string[] = []
      if (cut > 0) parts.push(`${count(cut, 'message')} came cut off or longer than 64 KiB`)
      if (refused > 0) parts.push(`${count(refused, 'connection')} refused, since ${limits.connections} were open`)
      return parts
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
