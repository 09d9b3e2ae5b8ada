/** gzip, read chunk by chunk. What was readable before a fault is never lost. */
import { createGunzip, type Gunzip } from 'node:zlib'

/** Output in large pieces: with zlib's default of 16 KiB, gunzip takes twice as long (measured). */
const CHUNK = 256 * 1024

export type Fault = 'truncated' | 'damaged'

/** Unpacks all members of a gzip stream. At a fault it stops after the last readable byte and calls `onFault`.
 *  Zeros after the last member (tape padding) are no fault. */
export async function* gunzip(source: AsyncIterable<Buffer>, onFault: (fault: Fault) => void): AsyncGenerator<Buffer> {
  const unpacker = createGunzip({ chunkSize: CHUNK })
  const ready: Buffer[] = []
  // Output is collected as it is produced: reading the stream later would lose what is queued when an error destroys it.
  unpacker.on('data', (piece: Buffer) => ready.push(piece))
  const take = (): Buffer[] => ready.splice(0)
  try {
    for await (const piece of source) {
      // Small steps bound what a step can unpack to (a gzip bomb grows at most 1032-fold).
      for (let at = 0; at < piece.length; at += 65_536) {
        const error = await write(unpacker, piece.subarray(at, at + 65_536))
        yield* take()
        if (error) return onFault(faultOf(error))
        // Bytes after the last member that are none: zlib has ended the output by itself.
        if (unpacker.readableEnded) return
      }
    }
    const error = await finish(unpacker)
    yield* take()
    if (error) onFault(faultOf(error))
  } finally {
    unpacker.destroy()
  }
}

const faultOf = (error: Error): Fault =>
  (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR' ? 'truncated' : 'damaged'

function write(unpacker: Gunzip, piece: Buffer): Promise<Error | null> {
  return settled(unpacker, (done) => unpacker.write(piece, (error) => done(error ?? null)))
}

function finish(unpacker: Gunzip): Promise<Error | null> {
  return settled(unpacker, (done) => {
    if (unpacker.readableEnded) return done(null)
    unpacker.once('end', () => done(null))
    unpacker.end()
  })
}

/** The stream reports a fault by event, by callback, or both; the first of them ends the step. */
function settled(unpacker: Gunzip, start: (done: (error: Error | null) => void) => void): Promise<Error | null> {
  return new Promise((resolve) => {
    const onError = (error: Error): void => resolve(error)
    unpacker.once('error', onError)
    start((error) => {
      // A failed write calls back before the 'error' event; the listener stays so that the event is not unhandled.
      if (!error) unpacker.off('error', onError)
      resolve(error)
    })
  })
}
