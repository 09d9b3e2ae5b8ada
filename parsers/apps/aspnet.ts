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

/** For systemd: the priority instead of the level's name, all on one line (SystemdConsoleFormatter.cs). */
const SYSTEMD = new RegExp(
  `^<([2-7])>(?:(${STAMP}) ?|${CLOCK} )?([A-Za-z_][\\w+\`<>-]{0,100}(?:\\.[\\w+\`<>-]{1,100}){1,12})\\[(-?\\d{1,10})\\] (.*)$`,
  's',
)
const PRIORITIES: Readonly<Record<string, string>> = { 2: 'fatal', 3: 'error', 4: 'warn', 6: 'info', 7: 'debug' }

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
    {
      line: '<3>Microsoft.AspNetCore.SignalR.HubConnectionContext[5] Failed connection handshake.',
      fields: { time: null, level: 'error', message: 'Failed connection handshake.' },
    },
    { line: 'info: Microsoft.Hosting.Lifetime[0]', fields: { level: 'info', message: '' } },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    const systemd = text[0] === '<' ? SYSTEMD.exec(text) : null
    if (systemd) {
      const time = systemd[2] === undefined ? null : appTime(systemd[2])
      const extra = extras({ logger: systemd[3], event_id: systemd[4] })
      return appRecord('aspnet', time, PRIORITIES[systemd[1] as string] ?? null, systemd[5] as string, extra)
    }
    const m = HEAD.exec(text)
    if (!m) return miss('no-match')
    const time = m[1] === undefined ? null : appTime(m[1])
    if (m[1] !== undefined && time === null) return miss('bad-time')
    const message = (m[5] as string).replace(/\r?\n {6}/g, '\n')
    return appRecord('aspnet', time, levelName(m[2] as string), message, extras({ logger: m[3], event_id: m[4] }))
  },
}
