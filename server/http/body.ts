/** A small JSON body, read by hand: one route takes one, and a parser for all would read the uploads too. */
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { HalfopenError } from './errors.ts'

/** Throws bad-body. @param most bytes */
export async function readJson<T extends z.ZodObject>(
  request: IncomingMessage,
  schema: T,
  most: number,
): Promise<z.infer<T>> {
  // Forms of other sites can send text and forms, but no JSON, without asking first (Fetch, CORS-safelisted types).
  if (!/^application\/json(?:\s*;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new HalfopenError('bad-body', 'Expected a body of the type application/json.')
  const result = schema.safeParse(parsed(await textOf(request, most)))
  if (result.success) return result.data
  const names = Object.keys(schema.shape).join(', ')
  throw new HalfopenError('bad-body', `Expected a JSON object of ${names}, within its bounds.`)
}

async function textOf(request: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Else a refusal half way would take the connection with it, and the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > most) throw new HalfopenError('bad-body', `The body is larger than ${most} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
