/** Which wording of an application's message decided, and which others are in the text too. */
import { searchedText } from '../apps/app-events.ts'
import { NORMAL, textSign, WEBSOCKET_TEXTS } from '../apps/websocket-texts.ts'
import type { Event } from '../event.ts'
import type { AppRecord } from '../record.ts'
import type { Reasons } from './meaning.ts'

const MOST = 5

/** `event` is what the record was read as. */
export function appReasons(record: AppRecord, event: Event | null): Reasons {
  const text = searchedText(record)
  const sign = textSign(text)
  const close = WEBSOCKET_TEXTS.filter((s) => s !== sign && s.wordings.some((w) => w.text.test(text))).map((s) => ({
    sign: s.sign,
    why: sign === null ? 'the text is a normal one' : 'its words are there too, and it is tried later',
  }))
  const because: string[] = []
  const wording = sign?.wordings.find((w) => w.text.test(text))
  if (wording !== undefined) because.push(`the text fits /${wording.text.source}/ (${wording.from})`)
  else if (event !== null) because.push('the request line: its path, method and status')
  if (event?.echo === true) because.push('it repeats what another line tells, and is not counted')
  return { because, none: whyNone(record, text), close: close.slice(0, MOST) }
}

function whyNone(record: AppRecord, text: string): string {
  const normal = NORMAL.find((n) => n.text.test(text))
  if (normal !== undefined) return `nothing went wrong: /${normal.text.source}/`
  if (record.extra.has('request_uri') && text === '') return 'a request that is no refused handshake'
  return 'no sign has words of this message'
}
