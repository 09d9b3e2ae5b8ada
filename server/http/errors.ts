/** Every error code of the API and of the start of `serve`, with the condition that leads to it. */
import type { ErrorReply } from './wire.ts'

interface ErrorCode {
  /** HTTP status; null: only at start, where the exit code is 2. */
  status: number | null
  when: string
  hint: string | null
}

export const ERRORS = {
  'bad-query': {
    status: 400,
    when: 'A parameter is unknown, or its value cannot be read or is out of bounds.',
    hint: '/api/openapi.json (below the base path) lists the parameters and their bounds.',
  },
  'range-too-wide': {
    status: 400,
    when: 'The time from `from` to `to` is longer than one answer can hold.',
    hint: 'Ask for a shorter time or a larger step.',
  },
  'password-needed': {
    status: 401,
    when: 'A password is set, and the request has none or a wrong one.',
    hint: 'Any user name; the password is the one in auth.password_file.',
  },
  'cross-site': {
    status: 403,
    when: 'A request that changes something does not come from a page of the dashboard.',
    hint: 'Browsers send Sec-Fetch-Site or Origin; scripts send the header Origin with the address of the dashboard.',
  },
  'not-found': {
    status: 404,
    when: 'There is nothing at this address.',
    hint: 'The API is described in /api/openapi.json (below the base path).',
  },
  'unknown-problem': {
    status: 404,
    when: 'No problem has this id; it may have been in another database.',
    hint: 'api/v1/problems lists them.',
  },
  'bad-body': {
    status: 400,
    when: 'The body is not the JSON that the address takes, or is too long.',
    hint: '/api/openapi.json (below the base path) describes it.',
  },
  'unknown-note': { status: 404, when: 'No note of this problem has this id.', hint: null },
  'too-many-notes': {
    status: 409,
    when: 'A problem has as many notes as one may have.',
    hint: 'Take an old one away first.',
  },
  'no-context': {
    status: 404,
    when: 'The lines around a line of evidence cannot be shown: it is no plain file, or another one is there now.',
    hint: null,
  },
  'no-nginx-config': {
    status: 409,
    when: 'The server was not told of an nginx configuration, so there is none to lint, probe or prove.',
    hint: 'Start it with --config /etc/nginx/nginx.conf, or set nginx_config in halfopen.yaml.',
  },
  'not-served': {
    status: 404,
    when: 'The nginx configuration does not serve the address for certain, or not where it can be asked.',
    hint: 'Only what the configured nginx serves can be tried; for others there is halfopen probe.',
  },
  'nothing-to-prove': {
    status: 409,
    when: 'A problem names no path, so that no request can be sent for it.',
    hint: null,
  },
  'run-busy': {
    status: 503,
    when: 'Another probe or proof is running.',
    hint: 'One at a time: try again when it is done.',
  },
  'run-too-long': {
    status: 504,
    when: 'A probe or proof took longer than one may.',
    hint: 'On the command line it may take as long as it needs: halfopen probe, halfopen prove.',
  },
  'unknown-channel': {
    status: 404,
    when: 'No receiver of alerts has this name.',
    hint: 'api/v1/alerts lists them; they are set in halfopen.yaml.',
  },
  'unknown-delivery': {
    status: 404,
    when: 'No message has this id; it may be older than the retention.',
    hint: 'api/v1/alerts/deliveries lists them.',
  },
  'method-not-allowed': { status: 405, when: 'The address exists, but not for this method.', hint: null },
  'host-not-allowed': {
    status: 421,
    when: 'The Host header is neither a loopback name, nor the listen address, nor in allowed_hosts.',
    hint: 'Add the name to allowed_hosts in halfopen.yaml (or HALFOPEN_ALLOWED_HOSTS). This stops DNS rebinding.',
  },
  'bad-upload': {
    status: 400,
    when: 'POST /analyze got something else than multipart/form-data with files named log, and perhaps config.',
    hint: 'curl -H "Origin: ADDRESS" -F log=@error.log -F config=@nginx.conf ADDRESS/api/v1/analyze',
  },
  'upload-too-large': {
    status: 413,
    when: 'An upload is larger than one may be.',
    hint: 'Leave out older lines, or read the files where they are: halfopen analyze FILE…',
  },
  'analyze-failed': {
    status: 422,
    when: 'A report on an upload could not be made: its configuration cannot be read, or no line of it.',
    hint: null,
  },
  'analyze-too-long': {
    status: 422,
    when: 'Reading an upload took too long.',
    hint: 'Leave out older lines, or read the files where they are: halfopen analyze FILE…',
  },
  'analyze-busy': {
    status: 503,
    when: 'As many reports on uploads are being made as are at once.',
    hint: 'Try again in a few seconds.',
  },
  'too-many-attempts': {
    status: 429,
    when: 'Too many passwords are being checked at the same time.',
    hint: 'Try again in a second.',
  },
  internal: { status: 500, when: 'A bug in halfopen. The log on stderr has the details.', hint: null },
  'too-many-streams': {
    status: 503,
    when: 'The most clients of api/v1/stream that are served at once are connected.',
    hint: 'Close other tabs; the page asks every few seconds meanwhile.',
  },
  'not-ready': { status: 503, when: 'Lines that existed at start are still being imported.', hint: null },
  'config-invalid': {
    status: null,
    when: 'A setting in halfopen.yaml, a HALFOPEN_ variable or an option cannot be used.',
    hint: null,
  },
  'listen-refused': {
    status: null,
    when: 'The listen address is reachable from other machines and neither a password nor auth.trusted_proxy is set.',
    hint: null,
  },
  'password-unusable': {
    status: null,
    when: 'The file auth.password_file cannot be read or holds less than 8 characters.',
    hint: null,
  },
  'port-in-use': { status: null, when: 'Another program listens on the port.', hint: null },
  'address-unavailable': {
    status: null,
    when: 'The listen address is not one of this machine, or the port is reserved.',
    hint: null,
  },
  'source-unreadable': { status: null, when: 'A named log exists and cannot be followed.', hint: null },
  'nginx-config-unreadable': { status: null, when: 'The file nginx_config cannot be read.', hint: null },
  'database-unwritable': { status: 503, when: 'The database or its directory cannot be written.', hint: null },
  'database-newer': { status: null, when: 'The database was made by a newer halfopen.', hint: null },
  'database-damaged': { status: null, when: 'The file is not a database of halfopen, or it is damaged.', hint: null },
  'database-in-use': {
    status: null,
    when: 'Another halfopen writes to the database: one writes, any number may read it over the API.',
    hint: null,
  },
  'database-missing': {
    status: null,
    when: 'There is no database at the path that `halfopen db` was given.',
    hint: null,
  },
  'database-gone': {
    status: 503,
    when: 'The database was deleted, moved or replaced while the server ran: nothing is stored until it is back.',
    hint: 'Put the file back, or restart halfopen.',
  },
  'database-no-driver': { status: null, when: 'The SQLite driver for this Node.js is not installed.', hint: null },
} as const satisfies Record<string, ErrorCode>

export type ErrorCodeName = keyof typeof ERRORS

/** An expected failure. At start its message is the one line the user sees; in the API it is the answer. */
export class HalfopenError extends Error {
  readonly code: ErrorCodeName
  constructor(code: ErrorCodeName, message: string) {
    super(message)
    this.code = code
  }
}

export function errorReply(code: ErrorCodeName, message: string): { status: number; body: ErrorReply } {
  const { status, hint } = ERRORS[code]
  return { status: status ?? 500, body: { error: { code, message, hint } } }
}
