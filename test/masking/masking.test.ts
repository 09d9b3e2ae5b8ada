import { expect, test } from 'vitest'
import { maskText, pathGroup } from '../../parsers/masking.ts'

const S = 'sEcReT9x7Qw31LmZ'
const URIS = [
  `/ws%3Ftoken=${S}`,
  `/ws&token=${S}`,
  `/bot12345:${S}/x`,
  `/a?url=http://x/?token=${S}`,
  `/a?next=%2Fa%3Ftoken%3D${S}`,
  `/a#access_token=${S}`,
  `/a?token[]=${S}`,
  `/a?token%5B%5D=${S}`,
  `/a?%2574oken=${S}`,
  `/a?%ff%74oken=${S}`,
  `/a?${'k'.repeat(80)}_token=${S}`,
  `/a?token=aa;${S}`,
  `/a?token=aa'${S}`,
  `https://user:p@${S}@h/ws`,
  `https://user:p/${S}@h/ws`,
  ...['otp', 'bearer', 'passphrase', 'authkey', 'SAMLResponse', 'code', 'id'].map((key) => `/a?${key}=${S}`),
]
const TEXTS = [
  `http_cookie="sessionid=${S}; b=${S}"`,
  `args="token=${S}"`,
  `arg_token=${S}`,
  `http_x_api_key="${S}"`,
  `http_authorization="Digest ${S}"`,
  `bearer ${S}`,
  `{"token":"${S}"}`,
  `a token=${S}`,
  `Authorization: token ${S}`,
  `X-API-Key: ${S}`,
]

test.each(URIS)('%s is masked and in no group', (uri) => {
  expect(maskText(`"GET ${uri} HTTP/1.1" 101`)).not.toContain(S)
  expect(maskText(`"GET ${uri} HTTP/1.1" 101`)).toMatch(/ HTTP\/1\.1" 101$/)
  expect(pathGroup(uri)).not.toContain(S)
})

test.each(TEXTS)('%s is masked', (text) => expect(maskText(text)).not.toContain(S))

test.each([
  '"GET /api/websocket?endpointId=2&transport=websocket&EIO=4 HTTP/1.1" 101',
  'status=101 rt=0.003 urt="0.002, 0.001" request_id=ab12 code=500',
  'upstream: "http://127.0.0.1:3000/a@b", host: "app.test:8080"',
])('%s stays', (text) => expect(maskText(text)).toBe(text))

test('a group can stand in a configuration', () => {
  expect(pathGroup('/ws\nlocation / {\n}')).toBe('/ws_location_/____')
  expect(pathGroup('/a"b\'c\\d e/f')).toBe('/a_b_c_d_e/f')
})

test.each([
  '=',
  '%3D',
  '&',
  '?',
  '"',
  ':',
  '@',
  '://',
  '%',
  'a:',
  '/a:',
  '"a":',
  'a=',
  ' ',
  '[',
  'token=',
  "'",
  'cookie ',
  'a://b:',
])('64 KB of %s', (piece) => {
  const text = piece.repeat(Math.ceil(65_536 / piece.length))
  // Of the processor: other tests run beside this one.
  const start = process.cpuUsage()
  maskText(text)
  pathGroup('/' + text)
  const { user, system } = process.cpuUsage(start)
  expect((user + system) / 1000).toBeLessThan(100)
})

test.each([
  ['/abcdefab-abcd-abcd-abcd-abcdefabcdef', '/:id'],
  ['/abcdef-abcd/x-y_z', '/abcdef-abcd/x-y_z'],
  ['/1234567/v2/a1b2c3/a1b2c3d4', '/:id/v2/a1b2c3/:id'],
  ['/a.b.cdefghij/a.b.c', '/:id/a.b.c'],
  ['/token=x/a;b', '/:id/a'],
])('%s is grouped as %s', (uri, group) => expect(pathGroup(uri)).toBe(group))

// As nginx (2047 bytes) and syslog cut them: the end of the text is anywhere in the secret.
const CUT: [string, string][] = [
  ['referrer: "https://user:', S],
  ['upstream: "http://user:', S],
  ['"GET https://user:p/', S],
  ['"GET https://user:p%40', S],
  ['"GET wss://:', S],
  ['"GET /a?next=https%3A%2F%2Fuser%3A', S],
  ['"GET /a?next=https%253A%252F%252Fuser%253A', S],
  ['"GET /a?next=https://user:', S],
  ['Authorization: Basic ', S],
  ['"http_x": "Basic ', S],
  ['sent Bearer ', S],
  ['"GET /bot12345:', `AA${S}`],
  ['"GET /a?token=', S],
  ['"GET /a?token%3D', S],
  ['{"token":"', S],
  ['cookie: a=', S],
]

test.each(CUT)('%s… cut anywhere in the secret', (before, secret) => {
  for (let length = 3; length <= secret.length; length++) {
    const piece = secret.slice(0, length)
    for (const text of [`${before}${piece}`, `x "GET / HTTP/1.1" ${before}${piece}`])
      expect([text, maskText(text).endsWith(piece)]).toEqual([text, false])
  }
})

test.each([
  'eyJhbGciOiJIUzI1NiJ9',
  'eyJhbGciOiJIUzI1NiJ9.',
  'eyJhbGciOiJIUzI1NiJ9.eyJzd',
  'https://ghp_a1B2c3D4e5F6g7H8i9J0kL',
])('a token that is cut: %s', (token) => expect(maskText(`request: "GET /ws/${token}`)).not.toContain(token.slice(-8)))

test.each([
  `https%3A%2F%2Fuser%3A${S}%40host%2Fws`,
  `https://user:${S}%40host/ws`,
  `https%253A%252F%252Fuser%253A${S}%2540h`,
])('user info that is encoded: %s', (url) => expect(maskText(`"GET /a?next=${url}&x=1 HTTP/1.1" 101`)).not.toContain(S))

test.each([
  'upstream: "http://10.0.0.1:8080',
  'upstream: "http://[::1]:8080/ws',
  'upstream: "http://unix:/run/app.sock:/ws',
  'upstream: "http://app.internal.example:8080/ws/live',
  'GET /a?next=http%3A%2F%2Fapp.test%3A8080%2Fa%40b',
  'connect to https://app.test',
  '[21/Nov/2026:06:13',
  'no Basic auth',
  'missing Bearer token',
  'proxying to ws://localhost:3000/',
])('%s stays at the end of a text', (text) => expect(maskText(text)).toBe(text))

test.each([
  '        proxy_pass http://127.0.0.1:3101;',
  'server { location / { proxy_pass http://app:3000; }}',
  'listening on http://0.0.0.0:8080.',
  '(http://localhost:8123)',
])('a port at the end is none of a secret: %s', (line) => expect(maskText(line)).toBe(line))

test.each([
  `authorization=Bearer ${S}`,
  `token=Basic ${S}`,
  `x cookie=\\"sid-${S}\\" y`,
  `Cookie: a="b"; sess=${S}`,
  `{"password":"a\\"${S}"}`,
  `{"password":"it's ${S}"}`,
  `{"authorization":"Bearer a\\"${S}"}`,
  `password='x ${S} y'`,
  `{\\\\"password\\\\":\\\\"${S}\\\\"}`,
  `{"password":["${S}"]}`,
  `login failed, password: ${S}`,
  `login failed, token: ${S}`,
  `password "${S}"`,
  `"GET /ws?PHPSESSID=${S}&secretKey=${S}&accessKey=${S}&userPass=${S}&loginPwd=${S}&credentials=${S} HTTP/1.1"`,
  `"GET /ws?h=Authorization%3A%20Bearer%20${S} HTTP/1.1"`,
  `"GET /ws/token/${S}${S} HTTP/1.1"`,
])('in whatever form: %s', (line) => expect(maskText(line)).not.toContain(S))

test.each([
  "the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
  'user "bob": password mismatch',
  'Unexpected token: <',
  'GET /api/keys/12 HTTP/1.1',
  '{"level":"info","status":200,"path":"/ws"}',
])('what is no secret stays: %s', (line) => expect(maskText(line)).toBe(line))
