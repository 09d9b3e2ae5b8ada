/** `halfopen parse`: one JSON object per record, nothing classified. */
import type { FieldValue, LogRecord } from '../../parsers/record.ts'
import { complain, type Register } from './command.ts'
import { addReadingOptions, type ReadingFlags } from './options.ts'
import { escapeJson } from './terminal.ts'

const EXAMPLES = `
Examples:
  halfopen parse access.log | jq 'select(.status >= 500)'
  halfopen parse --log-format '$remote_addr "$request" $status' access.log
  halfopen parse error.log | jq -r 'select(.level == "error") | .message'

A line that no parser reads is {"line": 17, "format": null, "reason": "…", "raw": "…"}.`

export const registerParse: Register = (program, exit) => {
  const command = program
    .command('parse')
    .summary('print one JSON object per record (JSON Lines), nothing classified')
    .description(
      "Prints every record as a JSON object under nginx's own variable names (JSON Lines). Nothing is classified, and nothing is masked.",
    )
  addReadingOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (inputs: string[], flags: ReadingFlags) => exit(await parse(inputs, flags)))
}

async function parse(args: readonly string[], flags: ReadingFlags): Promise<number> {
  const [{ openOutput }, { prepareReading, unreadable }, { readRecords, zoneShift }] = await Promise.all([
    import('./output.ts'),
    import('./reading.ts'),
    import('../scan/contract.ts'),
  ])
  const output = openOutput(flags.o)
  const reading = prepareReading(args, flags, Date.now())
  if (reading.inputs.length === 0) return 2
  const shift = zoneShift(reading.timezone)
  const several = reading.inputs.length > 1
  let failed = reading.failed
  let open = true
  for (const path of reading.inputs) {
    if (!open) break
    let ready: string[] = []
    const { summary, error } = await readRecords(
      path,
      reading,
      (record, line, raw, reason) => {
        if (!within(record, reading, shift)) return
        const place = several ? { line, source: path === '-' ? 'stdin' : path } : { line }
        const object = record ? { ...place, ...recordFields(record) } : { ...place, format: null, reason, raw }
        ready.push(JSON.stringify(object))
      },
      async () => {
        if (ready.length > 0) open = await output.write(escapeJson(`${ready.join('\n')}\n`))
        ready = []
        return open
      },
    )
    if (error) complain(error.message)
    if (error || unreadable([summary])) failed = true
  }
  output.close()
  return failed ? 2 : 0
}

/** Records without a time and lines that were not read are always shown: they may belong to the period. */
function within(
  record: LogRecord | null,
  { since, until }: { since: number | null; until: number | null },
  shift: (wall: number) => number,
): boolean {
  if (!record?.time) return true
  const ms = record.time.zoned ? record.time.ms : shift(record.time.ms)
  return (since === null || ms >= since) && (until === null || ms < until)
}

type JsonValue = FieldValue | null

/** The object of CONTRACT.md, without line and source. What is absent is left out. */
export function recordFields(record: LogRecord): Record<string, JsonValue> {
  const time = record.time ? { time: record.time.iso } : {}
  // fromEntries makes own properties of any name, `__proto__` included.
  return { format: record.format, ...time, ...Object.fromEntries(present(fieldsOf(record))) }
}

function fieldsOf(record: LogRecord): Record<string, JsonValue | undefined> {
  switch (record.type) {
    case 'access':
      return record.fields
    case 'app':
      // The record's own keys win: a log must not be able to replace the message by an extra of that name.
      return { ...Object.fromEntries(record.extra), level: record.level, message: record.message }
    case 'error': {
      const { type: _type, format: _format, time: _time, ...fields } = record
      return fields
    }
  }
}

/** Names that parse itself gives; an application's own key of that name would hide them. */
const RESERVED = new Set(['line', 'source', 'format', 'envelope', 'time'])

function present(fields: Record<string, JsonValue | undefined>): [string, JsonValue][] {
  return Object.entries(fields).filter((entry): entry is [string, JsonValue] => {
    const [name, value] = entry
    return value !== undefined && value !== null && value !== '' && value !== '-' && !RESERVED.has(name)
  })
}
