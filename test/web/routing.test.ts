import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hrefTo, parseHash, type Route } from '../../web/routing.ts'

it.each<[string, Route]>([
  ['', { page: 'problems' }],
  ['#/', { page: 'problems' }],
  ['#/problems', { page: 'problems' }],
  ['#/problems/3f2a', { page: 'problem', id: '3f2a' }],
  ['#/trends', { page: 'trends', range: '24h', to: null }],
  ['#/trends?range=7d', { page: 'trends', range: '7d', to: null }],
  ['#/trends?range=constructor&to=never', { page: 'trends', range: '24h', to: null }],
  ['#/trends?range=1h&to=2022-08-14T05:12:22Z', { page: 'trends', range: '1h', to: '2022-08-14T05:12:22.000Z' }],
  ['#/live', { page: 'live' }],
  ['#/live/x', { page: 'unknown', hash: '#/live/x' }],
  ['#/problems/%', { page: 'unknown', hash: '#/problems/%' }],
  ['#/problems/a/b', { page: 'unknown', hash: '#/problems/a/b' }],
  ['#/__proto__', { page: 'unknown', hash: '#/__proto__' }],
])('%s', (hash, route) => {
  expect(parseHash(hash)).toEqual(route)
})

it('reads back the address of any problem', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (id) => {
      expect(parseHash(hrefTo({ page: 'problem', id }))).toEqual({ page: 'problem', id })
    }),
  )
})

it('never throws, whatever the address says', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseHash(`#${text}`)))
})
