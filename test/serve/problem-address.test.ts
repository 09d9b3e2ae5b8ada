/** The address that the page of a problem offers to probe. */
import { expect, it } from 'vitest'
import { configFromText } from '../../server/nginx-config/contract.ts'
import { addressOf } from '../../server/problem-address.ts'

function config(listens: string) {
  const text = `events {}\nhttp {\n  server {\n    ${listens}\n    server_name a.example;\n    location / { proxy_pass http://127.0.0.1:9; }\n  }\n}\n`
  const loaded = configFromText(text, 'nginx.conf')
  if (!loaded.ok) throw new Error(loaded.error.message)
  return loaded.config
}

it.each([
  ['listen 443 ssl;', 'wss://a.example/ws'],
  ['listen 80; listen 443 ssl;', 'wss://a.example/ws'],
  ['listen 8443 ssl;', 'wss://a.example:8443/ws'],
  ['listen 80;', 'ws://a.example/ws'],
  ['listen 8080;', 'ws://a.example:8080/ws'],
  // Nothing is said of a socket file's visitors.
  ['listen unix:/run/a.sock;', 'wss://a.example/ws'],
])('%s is %s', (listens, address) => {
  expect(addressOf(config(listens), 'a.example', '/ws')).toBe(address)
})

it('is the usual one without a configuration, and keeps a port of the log', () => {
  expect(addressOf(null, 'a.example', '/ws')).toBe('wss://a.example/ws')
  expect(addressOf(config('listen 8080;'), 'a.example:9', '/ws')).toBe('ws://a.example:9/ws')
})
