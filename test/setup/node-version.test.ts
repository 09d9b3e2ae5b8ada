import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { isSupported, refusal, SUPPORTED } from '../../server/setup/node-version.mjs'

it.each(['v20.19.0', 'v20.20.2', 'v22.14.0', 'v22.23.1', 'v23.0.0', 'v24.0.0', 'v26.10.0', 'v100.0.0'])(
  '%s is accepted',
  (version) => {
    expect(isSupported(version)).toBe(true)
    expect(refusal(version, 'node')).toBeNull()
  },
)

// 22.0 to 22.13 load better-sqlite3 13 and are killed by it; 20.9 and 21 cannot run Vite.
it.each(['v12.22.9', 'v18.20.8', 'v20.9.0', 'v20.18.3', 'v21.7.3', 'v22.0.0', 'v22.13.1', 'nonsense'])(
  '%s is refused, with what to install',
  (version) => {
    expect(isSupported(version)).toBe(false)
    expect(refusal(version, '/usr/bin/node')).toMatch(
      new RegExp(`^halfopen: Node\\.js ${version} .*Install Node\\.js .*\\n$`),
    )
  },
)

it('agrees with package.json', () => {
  const manifest: { engines: { node: string } } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(SUPPORTED).toBe(manifest.engines.node)
})
