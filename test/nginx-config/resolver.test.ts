/** Which block serves a request and what its backend receives, against a real nginx: a short form of generated/run.ts. */
import { expect, it } from 'vitest'
import { describeWith } from '../needs.ts'
import { compare } from './generated/compare.ts'
import { generateCorners } from './generated/corners.ts'

describeWith('nginx', 'the resolver says what nginx does', () => {
  it('for 30 generated configurations, 300 requests', async () => {
    const { requests, proxied, undecided, differences } = await compare(1, 30)
    expect(differences.slice(0, 3)).toEqual([])
    expect(undecided).toBe(0)
    expect(requests).toBe(300)
    // They would be equal too if nothing were passed on.
    expect(proxied).toBeGreaterThan(100)
  })

  it('for 30 configurations of rarer directives, 420 requests', async () => {
    const { requests, proxied, undecided, differences } = await compare(13, 30, generateCorners)
    expect(differences.slice(0, 3)).toEqual([])
    expect(undecided).toBe(0)
    expect(requests).toBe(420)
    expect(proxied).toBeGreaterThan(200)
  })
})
