/** supervisord's log at level debug: a head with the date, then the process' own lines up to an empty one.
 *  Source: supervisor/dispatchers.py, `%(name)r %(channel)s output:\n%(data)s`. The two clocks may differ by hours. */
import { dated, DIGITS, type Envelope } from './envelope.ts'

const HEAD = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3}) (?:DEBG|TRAC|INFO) '([^']{1,200})' (stdout|stderr) output:$/
const OWN = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:CRIT|ERRO|WARN|INFO|DEBG|TRAC|BLAT) /

export const supervisord: Envelope = {
  id: 'supervisord',
  description: "supervisord's log, heads and the output below them",
  first: DIGITS,
  weak: false,
  examples: [
    {
      line: "2026-11-21 06:13:34,730 DEBG 'desktop' stdout output:",
      payload: '',
      name: 'desktop',
      stamp: '2026-11-21T06:13:34.730',
    },
  ],
  open(line) {
    if (line[19] !== ',') return null
    const head = HEAD.exec(line)
    if (!head) return null
    const stamp = dated(`${head[1]}T${head[2]}.${head[3]}`)
    return {
      layer: { id: 'supervisord', stamp, name: head[4] as string, stream: head[5] as string },
      payload: '',
      announces: true,
    }
  },
}

/** A line of supervisord itself: output that lacked its line end is over then. */
export const isSupervisordLine = (line: string): boolean => line[19] === ',' && OWN.test(line)
