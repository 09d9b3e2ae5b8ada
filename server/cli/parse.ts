/** `halfopen parse`: one JSON object per record, nothing classified. */
import type { LogRecord } from '../../parsers/record.ts'
import { complain, type Register } from './command.ts'
import { addReadingOptions, type ReadingFlags } from './options.ts'
import { escapeJson } from './terminal.ts'

const EXAMPLES = `
Examples:
  halfopen parse access.log | jq 'select(.status >= 500)'
  halfopen parse --log-format '$remote_addr "$request" $status' access.log
  halfopen parse error.log | jq -r 'select(.level == "error") | .message'

Numbers are: status, body_bytes_sent, bytes_sent, bytes_received,
request_length, request_time, session_time, connection, connection_requests,
connection_time, msec, pid, remote_port, realip_remote_port, server_port,
proxy_port, gzip_ratio, content_length; in error logs pid, tid,
connection, errno. Lists of strings, one element per try, are: upstream_addr,
upstream_status, upstream_connect_time, upstream_header_time,
upstream_response_time, upstream_response_length, upstream_bytes_received,
upstream_bytes_sent, upstream_first_byte_time, upstream_session_time,
upstream_queue_time. Everything else is a string; "-" is left out.

A line that no parser reads is {"line": 17, "format": null, "reason": "…", "raw": "…"}.
What Docker, Kubernetes, journald or syslog wrote around a line is taken off and named in "envelope".`

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
  const [
    { openOutput, refuseInput },
    { prepareReading, unreadable },
    { recordLine, unreadLine },
    { readRecords, zoneClock },
  ] = await Promise.all([
    import('./output.ts'),
    import('./reading.ts'),
    import('./record-line.ts'),
    import('../scan/contract.ts'),
  ])
  const output = openOutput(flags.o)
  const reading = await prepareReading(args, flags, Date.now(), true)
  refuseInput(flags.o, [...reading.inputs, ...(flags.config === undefined ? [] : [flags.config])])
  if (reading.inputs.length === 0) return 2
  const zone = zoneClock(reading.timezone)
  const several = reading.inputs.length > 1
  let failed = reading.failed
  let open = true
  for (const path of reading.inputs) {
    if (!open) break
    const source = several ? (path === '-' ? 'stdin' : path) : null
    const ready = new Lines()
    const shift = zone.follow()
    const { summary, error, unread } = await readRecords(
      path,
      reading,
      (record, line, raw, reason, wrapping) => {
        if (!within(record, reading, shift)) return
        ready.add(record ? recordLine(line, source, record, wrapping) : unreadLine(line, source, reason, raw, wrapping))
      },
      async () => {
        const text = ready.take()
        if (text !== '') open = await output.write(escapeJson(text))
        return open
      },
    )
    if (error) complain(error.message)
    if (error || unreadable([summary], unread)) failed = true
  }
  output.close()
  return failed ? 2 : 0
}

/** Lines to be written together. Joined in small groups: thousands of unjoined pieces cost the garbage collector
 *  more than everything else. */
class Lines {
  private text = ''
  private group: string[] = []

  add(line: string): void {
    if (this.group.push(line) >= 64) this.join()
  }

  take(): string {
    this.join()
    const { text } = this
    this.text = ''
    return text
  }

  private join(): void {
    if (this.group.length > 0) this.text += `${this.group.join('\n')}\n`
    this.group = []
  }
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
