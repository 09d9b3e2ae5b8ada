/** The record of a line that the kernel located, from its fields: what decides how the line is counted, and nothing else.
 *  The parser would read the same in it (formats.test.ts compares what becomes of both), in five times the time. */
import type { AccessFields, AccessRecord } from '../../parsers/record.ts'
import { upstreamList } from '../../parsers/nginx/variables.ts'
import type { Kernel } from './kernel-host.ts'
import * as K from './kernel/layout.ts'
import type { LineProgram, LocatedField } from './line-program.ts'

/** As access-keys.ts takes it from an address. */
const PORT = /^([^:]+|\[[^\]]+\]):\d{1,5}$/

export const withoutPort = (address: string): string =>
  PORT.test(address) ? address.replace(PORT, '$1').replace(/^\[|\]$/g, '') : address

/** Call when the kernel has stopped at a line whose request is usable. `sample`: a record of the same format. */
export function locatedRecord(
  kernel: Kernel,
  program: LineProgram,
  sample: AccessRecord,
  clientPort: boolean,
): AccessRecord {
  const { minute, millis, status } = kernel.exports
  const ms = minute.value * 60_000 + millis.value
  const fields: AccessFields = { status: status.value }
  for (let i = 0; i < program.fields.length; i++) {
    const { field, name, form } = program.fields[i] as LocatedField
    const at = K.FIELDS / 4 + field * 2
    const text = kernel.bytes.toString('latin1', kernel.words[at], kernel.words[at + 1])
    const raw = field === K.F_CLIENT && clientPort ? withoutPort(text) : text
    if (raw === '-' || (raw === '' && program.emptyIsNone)) continue
    if (field === K.F_URI) {
      fields.request_uri = program.wholeRequest ? uriOf(raw) : raw
      if (program.wholeRequest) fields.request_method = raw.slice(0, raw.indexOf(' '))
    } else if (form === 'list') fields[name] = upstreamList(raw)
    else fields[name] = form === 'number' ? Number(raw) : raw
  }
  const { format, variables } = sample
  // The stamp's own text is for whoever prints records.
  return { type: 'access', format, time: { ms, zoned: true, iso: '', resolution: 1 }, fields, variables }
}

/** Of `METHOD /path HTTP/1.1`, which a usable request is. */
const uriOf = (request: string): string => request.slice(request.indexOf(' ') + 1, request.lastIndexOf(' '))
