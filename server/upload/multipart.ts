/** multipart/form-data as it arrives: no part is held in memory, so the largest log costs one chunk.
 *  Source: RFC 7578, RFC 2046 section 5.1. `Response.formData()` was refused: it holds everything, several times over. */
import { UploadError } from './upload-error.ts'

/** Bytes of the header lines of one part. */
const MAX_HEAD = 8192

export interface Part {
  /** Name of the form's field. */
  field: string
  filename: string | null
  /** Has to be read to its end before the next part. */
  body: AsyncIterable<Buffer>
}

/** The boundary of a Content-Type, or null when it is no form. */
export function boundaryOf(contentType: string | undefined): string | null {
  const found = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType ?? '',
  )
  return found?.[1] ?? found?.[2] ?? null
}

/** Throws UploadError bad-upload where the text is not such a form. */
export async function* partsOf(chunks: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<Part> {
  const reader = new Reader(chunks)
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  for await (const before of reader.upTo(delimiter)) if (before.length > 2) throw broken()
  for (;;) {
    const after = await reader.take(2)
    if (after === '--') return
    if (after !== '\r\n') throw broken()
    const head = await reader.head()
    const [, field] = /;\s*name="([^"]*)"/i.exec(head) ?? []
    if (field === undefined) throw broken()
    const [, filename = null] = /;\s*filename="([^"]*)"/i.exec(head) ?? []
    const body = reader.upTo(delimiter)
    yield { field, filename, body }
    // What the caller left unread.
    for await (const rest of body) void rest
  }
}

const broken = () => new UploadError('bad-upload', 'The upload broke off, or it is no multipart/form-data.')

class Reader {
  private readonly chunks: AsyncIterator<Buffer>
  /** The first boundary has no line end in front of it. */
  private held: Buffer = Buffer.from('\r\n')

  constructor(chunks: AsyncIterable<Buffer>) {
    this.chunks = chunks[Symbol.asyncIterator]()
  }

  private async more(): Promise<void> {
    const next = await this.chunks.next().catch((error: unknown) => {
      // A sender that went away is no mistake of ours.
      throw error instanceof UploadError ? error : broken()
    })
    if (next.done === true) throw broken()
    const { value } = next
    this.held = this.held.length === 0 ? value : Buffer.concat([this.held, value])
  }

  async take(n: number): Promise<string> {
    while (this.held.length < n) await this.more()
    const text = this.held.toString('latin1', 0, n)
    this.held = this.held.subarray(n)
    return text
  }

  /** Header lines, up to and without the empty one. */
  async head(): Promise<string> {
    for (;;) {
      const end = this.held.indexOf('\r\n\r\n')
      if (end > MAX_HEAD || (end === -1 && this.held.length > MAX_HEAD)) throw broken()
      if (end !== -1) {
        const text = this.held.toString('utf8', 0, end)
        this.held = this.held.subarray(end + 4)
        return text
      }
      await this.more()
    }
  }

  /** Everything in front of the delimiter, which is taken too. A part of it may stand at the end of a chunk. */
  async *upTo(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.held.indexOf(delimiter)
      const sure = at === -1 ? this.held.length - delimiter.length + 1 : at
      if (sure > 0) {
        const part = this.held.subarray(0, sure)
        this.held = this.held.subarray(sure)
        yield part
      }
      if (at !== -1) {
        this.held = this.held.subarray(delimiter.length)
        return
      }
      await this.more()
    }
  }
}
