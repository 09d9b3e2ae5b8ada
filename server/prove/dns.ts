/** A name server on loopback that gives every name one address: where the config has a `resolver`, nginx asks this one. */
import { createSocket } from 'node:dgram'

export interface NameServer {
  port: number
  /** Names asked for, in order, each once. */
  asked: string[]
  close(): void
}

/** Every A query is answered with 127.0.0.1, every other with nothing (RFC 1035 section 4). */
export async function startNameServer(): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, from) => {
    const answer = answerTo(query, asked)
    if (answer) socket.send(answer, from.port, from.address)
  })
  // A lost answer looks to nginx like a slow name server; nothing else depends on it.
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return { port: socket.address().port, asked, close: () => socket.close() }
}

const A = 1

function answerTo(query: Buffer, asked: string[]): Buffer | null {
  if (query.length < 17 || query.readUInt16BE(4) !== 1) return null
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    if (length > 63 || at + length + 5 > query.length || labels.length > 127) return null
    labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'))
    at += length + 1
  }
  const end = at + 5
  if (end > query.length) return null
  const name = labels.join('.')
  if (!asked.includes(name) && asked.length < 100) asked.push(name)
  const isA = query.readUInt16BE(at + 1) === A
  const head = Buffer.from(query.subarray(0, 12))
  // Response, recursion available; one question, no authority, no additional records.
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(isA ? 1 : 0, 6)
  head.writeUInt32BE(0, 8)
  const record = Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1])
  return Buffer.concat([head, query.subarray(12, end), ...(isA ? [record] : [])])
}
