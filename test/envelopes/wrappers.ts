/** Puts a line into each envelope, as the programs that write them do. Their clocks show a year that no log of today has,
 *  so that no zone can be taken from them by accident. */
import type { EnvelopeId } from '../../parsers/envelopes/envelope.ts'

type Wrapper = { id: EnvelopeId; name: string; wrap(line: string): string[] }

const one =
  (wrap: (line: string) => string) =>
  (line: string): string[] => [wrap(line)]
const quoted = (text: string): string => JSON.stringify(text)

export const WRAPPERS: readonly Wrapper[] = [
  {
    id: 'docker-json',
    name: 'json-file',
    wrap: one((line) => `{"log":${quoted(`${line}\n`)},"stream":"stdout","time":"1999-11-21T06:13:34.123456789Z"}`),
  },
  {
    id: 'docker-json',
    name: 'json-file with attributes',
    wrap: one(
      (line) =>
        `{"log":${quoted(`${line}\r\n`)},"stream":"stderr","attrs":{"tag":"web"},"time":"1999-11-21T06:13:34.123456789Z"}`,
    ),
  },
  { id: 'docker-timestamp', name: 'logs -t', wrap: one((line) => `1999-11-21T06:13:34.123456789+01:00 ${line}`) },
  { id: 'compose', name: 'v1', wrap: one((line) => `traefik_1       | ${line}`) },
  { id: 'compose', name: 'v2 on a terminal', wrap: one((line) => `\x1b[2K\x1b[36mweb-1  | \x1b[0m${line}`) },
  { id: 'compose', name: 'podman-compose', wrap: one((line) => `[mattermost] | ${line}`) },
  {
    id: 'swarm',
    name: 'service logs',
    wrap: one((line) => `admin_portainer.1.q7x2mz0ab3cd@node2    | ${line}`),
  },
  { id: 'kubectl', name: '--prefix', wrap: one((line) => `[pod/web-6d4f8b7c9-x2x7q/nginx] ${line}`) },
  {
    id: 'supervisord',
    name: 'output',
    wrap: (line) => [`1999-11-21 06:13:34,730 DEBG 'desktop' stdout output:`, line, ''],
  },
  { id: 'cri', name: 'full line', wrap: one((line) => `1999-11-21T06:13:34.123456789Z stdout F ${line}`) },
  {
    id: 'journald-json',
    name: 'text',
    wrap: one(
      (line) =>
        `{ "__CURSOR" : "s=e9", "__REALTIME_TIMESTAMP" : "934860261221373", "SYSLOG_IDENTIFIER" : "app", "MESSAGE" : ${quoted(line)} }`,
    ),
  },
  {
    id: 'journald-json',
    name: 'bytes',
    wrap: one(
      (line) =>
        `{"__REALTIME_TIMESTAMP":"934860261221373","_PID":"7","MESSAGE":[${[...Buffer.from(`${line}\n`)].join(',')}]}`,
    ),
  },
  { id: 'journald-short', name: 'short', wrap: one((line) => `Nov  2 06:13:34 vm gotify-linux[456]: ${line}`) },
  { id: 'journald-short', name: 'iso', wrap: one((line) => `1999-11-21T06:13:34+0200 host unit[7]: ${line}`) },
  { id: 'syslog-rfc3164', name: 'nginx', wrap: one((line) => `<190>Nov 21 06:31:45 vm nginx: ${line}`) },
  { id: 'syslog-rfc3164', name: 'nohostname', wrap: one((line) => `<190>Nov 21 06:31:45 nginx: ${line}`) },
  {
    id: 'syslog-rfc5424',
    name: 'docker',
    wrap: one((line) => `<30>1 1999-11-21T06:13:34.123456Z vm 3f1c0a9d2e7b 10339 3f1c0a9d2e7b - ${line}`),
  },
  {
    id: 'syslog-rfc5424',
    name: 'octet counting, data, byte order mark',
    wrap: one((line) => {
      const message = `<30>1 1999-11-21T06:13:34Z vm app - ID47 [a@1 k="\\"x\\]"][b@1 l="2"] \ufeff${line}`
      return `${Buffer.byteLength(message)} ${message}`
    }),
  },
  { id: 'stern', name: 'default template', wrap: one((line) => `web-6d4f8b7c9-x2x7q nginx ${line}`) },
  { id: 'process-prefix', name: 'PM2', wrap: one((line) => `0|chat     | ${line}`) },
  { id: 'process-prefix', name: 'foreman', wrap: one((line) => `06:13:34 web.1    | ${line}`) },
  { id: 'line-timestamp', name: 'logcli', wrap: one((line) => `1999-11-21T06:13:34+01:00 {app="chat"} ${line}`) },
  { id: 'grep', name: 'several files', wrap: one((line) => `/var/log/app/web.log.1:${line}`) },
  { id: 'grep', name: '-n', wrap: one((line) => `./app.log:17:${line}`) },
  { id: 'quoted', name: 'mail', wrap: one((line) => `> ${line}`) },
  { id: 'line-timestamp', name: 'svlogd', wrap: one((line) => `1999-11-21_06:13:34.12345 ${line}`) },
  { id: 'tai64n', name: 'multilog', wrap: one((line) => `@400000003837950e07bfa480 ${line}`) },
  {
    id: 'shipper-json',
    name: 'fluentd driver',
    wrap: one((line) => `{"container_id":"3f1c","container_name":"/web","source":"stderr","log":${quoted(line)}}`),
  },
  {
    id: 'shipper-json',
    name: 'Fluent Bit',
    wrap: one(
      (line) =>
        `{"@timestamp":"1999-11-21T06:13:34.041Z","logtag":"F","message":${quoted(line)},"kubernetes":{"pod_name":"web-0"}}`,
    ),
  },
]

/** Lines inside the envelope; several when the line has line ends. */
export const wrapAll = (wrapper: Wrapper, lines: readonly string[]): string[] =>
  // One head announces all lines below it.
  wrapper.id === 'supervisord'
    ? [...wrapper.wrap('').slice(0, 1), ...lines, '']
    : lines.flatMap((line) => wrapper.wrap(line))
