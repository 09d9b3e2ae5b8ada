/** What a busy self-hosted site leaves in its logs, as batches for the store: the same for the same seed. Lines have the
 *  shape, length and variety of real ones, since that is what compression meets. */
import { emptyEvidence, foldEvent, foldRequest } from '../../server/diagnosis/contract.ts'

const SITES = [
  ['portainer.home.example', ['172.18.0.5:9000'], ['/api/websocket/exec', '/api/websocket/attach']],
  ['cloud.home.example', ['127.0.0.1:7867'], ['/push/ws']],
  ['chat.example.org', ['10.0.0.11:8065', '10.0.0.12:8065', '10.0.0.13:8065'], ['/api/v4/websocket']],
  ['lab.example.org', ['unix:/run/jupyter.sock'], ['/api/kernels/:id/channels', '/terminals/websocket/:id']],
  ['app.example.net', ['192.168.10.20:8443', '192.168.10.21:8443'], ['/socket.io/', '/ws', '/_blazor']],
  ['home.example', ['homeassistant.lan:8123'], ['/api/websocket']],
  ['git.example.org', ['127.0.0.1:3000'], ['/user/events', '/api/actions/ws']],
]
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
]
const FAILURES = [
  [
    'upgraded-idle-timeout',
    'upstream_timeout',
    'upstream timed out (110: Connection timed out) while proxying upgraded connection',
  ],
  ['connect-refused', 'upstream_refused', 'connect() failed (111: Connection refused) while connecting to upstream'],
  ['recv-reset', 'upstream_reset', 'recv() failed (104: Connection reset by peer) while proxying upgraded connection'],
  [
    'premature-close',
    'upstream_reset',
    'upstream prematurely closed connection while reading response header from upstream',
  ],
]
const two = (n) => String(n).padStart(2, '0')
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export function traffic(seed) {
  let state = seed | 0
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (n) => Math.floor(random() * n)
  /** The first ones most often, as sites, visitors and browsers are. */
  const pick = (list) => list[Math.floor(list.length * random() ** 2)]
  const clients = Array.from({ length: 4000 }, (_, i) =>
    i % 5 === 0
      ? `2001:db8:${int(65536).toString(16)}::${int(65536).toString(16)}`
      : `${int(223) + 1}.${int(256)}.${int(256)}.${int(256)}`,
  )
  const normal = () => Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random())
  let line = 0
  let connection = 1000

  /** The events of one record. */
  function record(time) {
    const [server, upstreams, paths] = pick(SITES)
    const scope = { server, path: pick(paths), upstream: pick(upstreams) }
    const client = pick(clients)
    const d = new Date(time)
    const clock = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
    const base = { time, zone: 'known', scope, client, connection: (connection += 1 + int(9)) }
    const stamp = `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${clock} +0000`
    const access = (status, more) =>
      `${client} - - [${stamp}] "GET ${scope.path}?token=[masked]&v=${int(4)} HTTP/1.1" ${status} ${int(9000)} "https://${server}/" "${pick(AGENTS)}" ${more}`
    const dice = random()
    let events
    let text
    if (dice < 0.4) {
      // A session: half of them last as long as people stay, a quarter until the idle timeout of 60 s.
      const seconds = random() < 0.25 ? 60 + random() * 0.05 : Math.min(80_000, Math.exp(4.5 + 1.8 * normal()))
      const latency = Math.exp(-4.2 + 0.9 * normal())
      events = [
        { ...base, kind: 'handshake_ok', sign: 'access-101', status: 101, upstream_header_time: latency },
        {
          ...base,
          kind: 'session_closed',
          sign: 'access-session',
          seconds,
          measured_by: 'upstream_response_time',
        },
      ]
      text = access(101, `rt=${seconds.toFixed(3)} urt=${seconds.toFixed(3)} uht=${latency.toFixed(3)}`)
    } else if (dice < 0.6) {
      const status = pick([400, 403, 502, 504, 401, 426])
      events = [
        {
          ...base,
          kind: 'handshake_failed',
          sign: 'access-handshake-failed',
          status,
          asked: 'likely',
          answered_by: null,
        },
      ]
      text = access(status, `rt=${random().toFixed(3)} urt=- uht=-`)
    } else {
      const [sign, kind, message] = pick(FAILURES)
      events = [{ ...base, kind, sign }]
      text =
        `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${clock} [error] ${810 + int(4)}#${810 + int(4)}: *${connection} ` +
        `${message}, client: ${client}, server: ${server}, request: "GET ${scope.path}?token=[masked] HTTP/1.1", ` +
        `upstream: "http://${scope.upstream}${scope.path}?token=[masked]", host: "${server}"`
    }
    return { events, exemplar: { source: '/var/log/nginx/access.log', line: ++line, text, time } }
  }

  let seq = 0
  /** At least `events` events and three times as many ordinary requests within [from, from + ms), as one batch. */
  return function batch(from, ms, events) {
    const evidence = emptyEvidence(true)
    const stored = []
    const fromSeq = seq
    while (stored.length < events) {
      const time = from + Math.floor((ms * stored.length) / Math.max(1, events))
      const { events: found, exemplar } = record(time)
      seq += exemplar.text.length + 1
      for (const [ordinal, event] of found.entries()) {
        foldEvent(evidence, event, exemplar)
        stored.push({ event, seq, ordinal, exemplar })
      }
      if (found[0].kind === 'handshake_ok') foldRequest(evidence, null, 101, time, null)
      for (let i = 0; i < 3; i++) foldRequest(evidence, null, pick([200, 304, 206, 301, 404]), time, null)
    }
    const path = '/var/log/nginx/access.log'
    const summary = {
      path,
      format: 'nginx-access',
      bytes: seq,
      lines: line,
      parsed: line,
      unparsed: 0,
      from: null,
      to: null,
      unparsed_samples: [],
    }
    const position = JSON.stringify({ dev: 1, ino: 1, offset: seq, line })
    return {
      source: { generation: 'bench', path, seq, position, summary },
      from_seq: fromSeq,
      events: stored,
      evidence,
    }
  }
}
