/** Syslog receivers on free ports of loopback, and who sends to them. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Chunk, Resume } from '../../server/tail/contract.ts'
import { syslog } from '../../server/tail/syslog.ts'
import { until } from '../live/harness/deadline.ts'
import { freePort } from '../live/harness/nginx.ts'
import { listen, type Listening } from './pushed.ts'

type Options = { resume?: Resume | null; onChunk?: (chunk: Chunk) => void }

export async function receive(
  protocol: 'udp' | 'tcp',
  options: Options & { port?: number } = {},
): Promise<Listening & { port: number }> {
  const { port = await freePort(), ...rest } = options
  const it = listen((source) => syslog.open(`syslog:${protocol}://127.0.0.1:${port}`, source), rest)
  await listening(protocol, port)
  return { ...it, port }
}

/** TCP answers when it listens; a UDP port is taken then. */
export async function listening(protocol: 'udp' | 'tcp', port: number): Promise<void> {
  await until('it listens', async () => {
    const free = protocol === 'tcp' ? canConnect(port).then((answers) => !answers) : canBind(port)
    return !(await free)
  })
}

const canConnect = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

const canBind = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.on('error', () => resolve(false))
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve(true)))
  })

export function udp(port: number): { socket: UdpSocket; send: (text: string) => Promise<void> } {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  const send = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(text, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()))
    })
  return { socket, send }
}

export function tcp(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}
