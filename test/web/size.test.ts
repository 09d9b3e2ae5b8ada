/** What a phone has to load before it shows anything, and what it loads at all. */
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const ASSETS = new URL('../../dist/web/assets/', import.meta.url)
const KB = 1024

it('is at most 130 KB of gzip JavaScript in all, 60 KB for the first page', () => {
  const sizes = readdirSync(ASSETS)
    .filter((name) => name.endsWith('.js'))
    .map((name) => ({ name, bytes: gzipSync(readFileSync(new URL(name, ASSETS)), { level: 6 }).length }))
  expect(sizes.length).toBeGreaterThan(0)
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(130 * KB)
  const first = sizes.filter(({ name }) => name.startsWith('index-')).reduce((sum, { bytes }) => sum + bytes, 0)
  expect(first).toBeLessThanOrEqual(60 * KB)
})
