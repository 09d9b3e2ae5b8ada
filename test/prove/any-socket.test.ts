/** Which location stands for the sockets of a configuration. */
import { expect, it } from 'vitest'
import { configFromText } from '../../server/nginx-config/contract.ts'
import { anySocket } from '../../server/prove/contract.ts'
import { HEADERS, inServer, MAP } from './site.ts'

it.each([
  [
    'location / { proxy_pass http://a; } location ~ x { proxy_pass http://a; } location = /ws { proxy_pass http://a; %H }',
    '/ws',
  ],
  ['location / { proxy_pass http://a; } location /b { return 200; %H }', '/'],
  ['%H location /a { proxy_pass http://a; proxy_set_header X y; } location ^~ /b/ { proxy_pass http://a; }', '/b/'],
  ['location @a { proxy_pass http://a; } location ~ /x { proxy_pass http://a; }', null],
])('%s', (locations, path) => {
  const loaded = configFromText(inServer(locations.replaceAll('%H', HEADERS), MAP), 'nginx.conf')
  if (!loaded.ok) throw new Error(loaded.error.message)
  expect(anySocket(loaded.config)).toEqual(path === null ? null : { host: 'app.test', path })
})
