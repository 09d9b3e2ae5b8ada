/** Whether one patch does what another would do. */
import { expect, it } from 'vitest'
import { covers } from '../../server/fix/covers.ts'

const head = (name = 'a'): string => `--- ${name}\n+++ ${name}\n`
const one = `${head()}@@ -1,3 +1,4 @@\n x\n+new\n y\n z\n`

it('the same change with other context lines, and one of several', () => {
  expect(covers(one, `${head()}@@ -1,1 +1,2 @@\n x\n+new\n`)).toBe(true)
  const two = `${one}@@ -9,2 +10,1 @@\n-old\n q\n`
  expect(covers(two, one)).toBe(true)
  expect(covers(two, `${head()}@@ -9,1 +9,0 @@\n-old\n`)).toBe(true)
  expect(covers(one, two)).toBe(false)
})

it.each([
  ['another file', `${head('b')}@@ -1,3 +1,4 @@\n x\n+new\n y\n z\n`],
  ['another place', `${head()}@@ -2,2 +2,3 @@\n y\n+new\n z\n`],
  ['another text', `${head()}@@ -1,3 +1,4 @@\n x\n+newer\n y\n z\n`],
  ['the same line twice', `${head()}@@ -1,1 +1,3 @@\n x\n+new\n+new\n`],
  ['no change', head()],
])('not %s', (_what, other) => expect(covers(one, other)).toBe(false))

it('a line that looks like a head of a file is a line', () => {
  const odd = `${head()}@@ -1,1 +1,1 @@\n--- a\n+++ b\n@@ -5,0 +6,1 @@\n+c\n`
  expect(covers(odd, `${head()}@@ -5,1 +5,2 @@\n e\n+c\n`)).toBe(true)
})
