/** JSON that log shippers put around a line: Docker's fluentd driver, Fluent Bit and Fluentd in Kubernetes, Vector, Filebeat,
 *  Grafana's and logcli's downloads, Google Cloud. Applications' JSON has the same few names for its text, so that a key is
 *  asked for which only a shipper writes. Sources: moby daemon/logger/fluentd, fluent-bit plugins/filter_kubernetes and
 *  in_tail's cri parser, Vector's docker_logs and kubernetes_logs sources, ECS `log.file.path`, Loki's JSON lines. */
import { dated, orNull, type Envelope, type Stamp } from './envelope.ts'
import { parseObject } from './docker-json.ts'
import { isIso } from './stamp.ts'

/** A key that only shippers write; Loki's are common words, which count beside `line` alone. */
const SHIPPED = /"(?:kubernetes|container_(?:id|name)|logtag|source_type|agent|textPayload)":/
const LOKI = /"(?:labels|timestamp|ts|fields)":/
const TEXT = ['log', 'message', 'line', 'textPayload', 'MESSAGE'] as const
const TIME = ['time', '@timestamp', 'timestamp', 'ts', 'date'] as const

export const shipperJson: Envelope = {
  id: 'shipper-json',
  description: 'JSON of log shippers (Fluentd, Fluent Bit, Vector, Filebeat, Loki, Google Cloud)',
  first: '{',
  weak: true,
  guessed: true,
  examples: [
    {
      line: '{"container_id":"3f1c0a9d2e7b","container_name":"/gotify","source":"stderr","log":"server started"}',
      payload: 'server started',
      name: '/gotify',
      stamp: null,
    },
    {
      line: '{"@timestamp":"2026-11-21T06:13:34.041Z","logtag":"F","message":"server started","kubernetes":{"pod_name":"chat-0","container_name":"chat"}}',
      payload: 'server started',
      name: 'chat-0/chat',
      stamp: '2026-11-21T06:13:34.041Z',
    },
    {
      line: '{"labels":{"app":"chat"},"line":"server started","timestamp":"2026-11-21T07:13:34.041+01:00"}',
      payload: 'server started',
      name: null,
      stamp: '2026-11-21T07:13:34.041+01:00',
    },
  ],
  open(line) {
    if (!SHIPPED.test(line) && !(line.includes('"line":"') && LOKI.test(line))) return null
    const object = parseObject(line)
    const key = object === null ? undefined : TEXT.find((name) => typeof object[name] === 'string')
    // A level beside the text is the application's: then the whole object is its record.
    if (object === null || key === undefined) return null
    if ('level' in object || ('severity' in object && key !== 'textPayload')) return null
    const text = object[key] as string
    const payload = text.replace(/\r?\n$/, '')
    const layer = {
      id: 'shipper-json',
      stamp: stampOf(object),
      name: nameOf(object),
      stream: streamOf(object),
    } as const
    return object['logtag'] === 'P' || object['_p'] === 'P' ? { layer, payload, end: 'split' } : { layer, payload }
  },
}

const text = (value: unknown): string | null => (typeof value === 'string' ? orNull(value) : null)
const streamOf = (object: Record<string, unknown>): string | null => text(object['stream']) ?? text(object['source'])

function stampOf(object: Record<string, unknown>): Stamp | null {
  for (const name of TIME) {
    const value = object[name]
    if (typeof value === 'string' && isIso(value)) return dated(value.toUpperCase())
    // Seconds (Fluent Bit) or ns as a text (Loki).
    const number =
      typeof value === 'number' ? value : typeof value === 'string' && /^\d{19}$/.test(value) ? Number(value) / 1e9 : 0
    if (number > 631_152_000 && number < 4_102_444_800) return dated(new Date(number * 1000).toISOString())
  }
  return null
}

function nameOf(object: Record<string, unknown>): string | null {
  const { kubernetes } = object
  if (typeof kubernetes !== 'object' || kubernetes === null) return text(object['container_name'])
  const { pod_name, container_name } = kubernetes as Record<string, unknown>
  return orNull([text(pod_name), text(container_name)].filter((part) => part !== null).join('/'))
}
