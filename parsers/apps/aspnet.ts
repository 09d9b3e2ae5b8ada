/** ASP.NET Core's console: `fail: Category[5]` and the message on the next line, six blanks in; or all on one line.
 *  Source: Microsoft.Extensions.Logging.Console SimpleConsoleFormatter.cs. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, levelName, plain } from './app-record.ts'
import { appTime, CLOCK, STAMP } from './app-time.ts'

const HEAD = new RegExp(
  `^(?:(?:\\[?(${STAMP})\\]?|${CLOCK}) )?(trce|dbug|info|warn|fail|crit): ([A-Za-z_][\\w.+\`<>-]{1,300})\\[(-?\\d{1,10})\\](?:\\r?\\n {6}| |$)(.*)$`,
  's',
)

export const aspnet: Parser<AppRecord> = {
  id: 'aspnet',
  description: 'ASP.NET Core console (SignalR), message on the second line',
  startsRecord:
    /^(?:\x1b\[[\d;]*m)*(?:\[?\d{4}-\d\d-\d\d.{0,40})?(?:trce|dbug|info|warn|fail|crit)(?:\x1b\[[\d;]*m)*: /,
  // The head alone: its message is the next line. A stack goes on behind it; that is not waited for.
  unfinished: (record) => record.length < 600 && !record.includes('\n') && HEAD.exec(plain(record))?.[5]?.trim() === '',
  examples: [
    {
      line: 'fail: Microsoft.AspNetCore.SignalR.HubConnectionContext[5]\n      Failed connection handshake.',
      fields: { time: null, level: 'error', message: 'Failed connection handshake.' },
    },
    {
      line: '2026-11-21 06:13:34 warn: Microsoft.AspNetCore.HttpOverrides.ForwardedHeadersMiddleware[1] Unknown proxy: [::ffff:172.18.0.5]:40416',
      fields: { time: '2026-11-21T06:13:34', level: 'warn', message: 'Unknown proxy: [::ffff:172.18.0.5]:40416' },
    },
    { line: 'info: Microsoft.Hosting.Lifetime[0]', fields: { level: 'info', message: '' } },
  ],
  parse(line): Parsed<AppRecord> {
    const m = HEAD.exec(plain(line))
    if (!m) return miss('no-match')
    const time = m[1] === undefined ? null : appTime(m[1])
    if (m[1] !== undefined && time === null) return miss('bad-time')
    const message = (m[5] as string).replace(/\r?\n {6}/g, '\n')
    return appRecord('aspnet', time, levelName(m[2] as string), message, extras({ logger: m[3], event_id: m[4] }))
  },
}
