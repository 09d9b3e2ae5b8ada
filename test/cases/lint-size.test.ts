/** Configurations in which a rule could take a time that grows with the square: thousands of locations that each ask for
 *  something of their server. A hundred times longer than they take, and less than they took. */
import { describe, expect, it } from 'vitest'
import { lintConfig } from '../../server/lint/contract.ts'
import { configFromText } from '../../server/nginx-config/contract.ts'

const N = 8000
const many = (line: (i: number) => string): string => Array.from({ length: N }, (_, i) => `${line(i)}\n`).join('')
const HEADERS = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;'
const within = (lines: string): string => `events {} http { server { ${lines} } }`

const CASES: [string, string][] = [
  [
    'a variable for each location',
    within(many((i) => `set $a${i} app; location /ws${i} { proxy_pass http://$a${i}; ${HEADERS} }`)),
  ],
  [
    'a named location for each error_page',
    within(many((i) => `location @ws${i} { proxy_pass http://b; ${HEADERS} } error_page 418 @ws${i};`)),
  ],
  ['an include that is not there', `events {} http { ${many(() => 'include nope.conf;')} }`],
  ['a fault in each line, all on one', within(many(() => 'root "a"b;').replaceAll('\n', ' '))],
  [
    'a comment for each location',
    within(many((i) => `location /ws${i} { proxy_pass http://b; ${HEADERS} } # halfopen-ignore read-timeout`)),
  ],
]

describe('lint takes a time that grows with the text', () => {
  it.each(CASES)('%s', (_, text) => {
    const loaded = configFromText(text, '/etc/nginx/nginx.conf')
    if (!loaded.ok) throw new Error(loaded.error.message)
    const before = process.cpuUsage()
    lintConfig(loaded.config, null)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1e6).toBeLessThan(15)
  })

  it('takes more faults than a call takes arguments', () => {
    const loaded = configFromText(`events {} http { ${'root "a"b;\n'.repeat(200_000)} }`, 'nginx.conf')
    if (!loaded.ok) throw new Error(loaded.error.message)
    expect(lintConfig(loaded.config, null).findings.length).toBe(200_000)
  })
})
