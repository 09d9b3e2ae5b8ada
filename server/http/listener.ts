/** Listening and stopping. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { HalfopenError } from './errors.ts'
import { withPort } from './listen-address.ts'

export interface Listener {
  /** The port that was bound; differs from the asked one when that was 0. */
  port: number
  /** `http://127.0.0.1:11006` */
  origin: string
  close(): Promise<void>
}

/** Throws HalfopenError when the address cannot be had. */
export function startListener(app: RequestListener, host: string, port: number): Promise<Listener> {
  const server = createServer(app)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)))
    server.listen({ host, port }, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      resolve({ port: bound, origin: `http://${withPort(host, bound)}`, close: () => close(server) })
    })
  })
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const at = withPort(host, port)
  switch (error.code) {
    case 'EADDRINUSE':
      return new HalfopenError(
        'port-in-use',
        `${at} is in use by another program; stop it, or choose another with --listen ADDRESS:PORT`,
      )
    case 'EACCES':
      return new HalfopenError(
        'address-unavailable',
        `${at}: permission denied; choose a port above 1023 with --listen ADDRESS:PORT`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new HalfopenError(
        'address-unavailable',
        `${at}: not an address of this machine; choose another with --listen ADDRESS:PORT`,
      )
    default:
      return error
  }
}

/** Requests under way get a second to finish; streams were ended before. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), 1000)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
  })
}
