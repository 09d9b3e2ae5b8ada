import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sha256 } from '../../server/diagnosis/sha256.ts'

it('is the SHA-256 of node:crypto, whatever the length', () => {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
  for (let length = 0; length < 260; length++) expect(sha256('é'.repeat(length))).toBe(digest('é'.repeat(length)))
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => sha256(text) === digest(text)))
})
