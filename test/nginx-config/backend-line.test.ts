/** The line that says which backend is asked. */
import { describe, expect, it } from 'vitest'
import { configView } from '../../server/nginx-config/contract.ts'
import { configOf } from './config-text.ts'

/** Of a configuration whose lines are numbered from 1. */
const lineIn = (text: string, path: string | null, address: string | null): number | null =>
  configView(configOf(text)).backend_line?.('a.test', path, address)?.line ?? null

const site = (top: string, inside: string): string => `events {}
http {
${top}
server {
listen 80; server_name a.test;
${inside}
}
}
`

describe('the line of a backend', () => {
  it('is the proxy_pass of the location that serves the path', () => {
    const text = site('', 'location / { root /srv; }\nlocation /ws {\nproxy_pass http://app:3000;\n}')
    expect(lineIn(text, '/ws', '172.18.0.2:3000')).toBe(8)
    expect(lineIn(text, '/', '172.18.0.2:3000')).toBeNull()
  })
  it('is the server of an upstream group: the only one, that of the address, that of the port', () => {
    const group = (servers: string) => site(`upstream UP {\n${servers}\n}`, 'location / { proxy_pass http://up; }')
    expect(lineIn(group('server app:3000;'), '/ws', '172.18.0.2:9')).toBe(4)
    expect(lineIn(group('server 10.0.0.1:80;\nserver 10.0.0.2;'), '/ws', '10.0.0.2:80')).toBe(5)
    expect(lineIn(group('server one:1;\nserver two:2;'), '/ws', '172.18.0.2:2')).toBe(5)
    expect(lineIn(group('server unix:/run/a.sock;\nserver unix:/run/b.sock;'), '/ws', 'unix:/run/b.sock')).toBe(5)
    // Two that may be meant: the group.
    expect(lineIn(group('server one:1;\nserver two:1;'), '/ws', '172.18.0.2:1')).toBe(3)
    expect(lineIn(group('server one:1;\nserver two:2;'), '/ws', 'up')).toBe(3)
  })
  it('is the set of the last variable, as Nginx Proxy Manager writes it', () => {
    const text = site(
      '',
      'set $forward_scheme http;\nset $server "10.0.0.1";\nset $port 3000;\nlocation / {\nproxy_pass $forward_scheme://$server:$port$request_uri;\n}',
    )
    expect(lineIn(text, '/ws', '10.0.0.1:3000')).toBe(8)
    expect(lineIn(site('', 'location / {\nproxy_pass http://$host;\n}'), '/ws', '10.0.0.1:80')).toBe(7)
  })
  it('is the only line with that address where no path is told', () => {
    const text = site('upstream up {\nserver 10.0.0.9:1;\n}', 'location / {\nproxy_pass https://10.0.0.1/x;\n}')
    expect(lineIn(text, null, '10.0.0.1:443')).toBe(9)
    expect(lineIn(text, null, '10.0.0.9:1')).toBe(4)
    expect(lineIn(text, null, 'up')).toBe(4)
    expect(lineIn(text, null, '10.0.0.1:80')).toBeNull()
    expect(lineIn(text, null, null)).toBeNull()
    const twice = site('', 'location / { proxy_pass http://10.0.0.1; }\nlocation /a { proxy_pass http://10.0.0.1; }')
    expect(lineIn(twice, null, '10.0.0.1:80')).toBeNull()
    expect(lineIn(site('', 'location / {\nproxy_pass http://unix:/run/a.sock:/;\n}'), null, 'unix:/run/a.sock')).toBe(7)
  })
})
