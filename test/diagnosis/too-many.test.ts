/** A list that ends says so. */
import { expect, it } from 'vitest'
import { emptyEvidence, diagnose, foldEvent } from '../../server/diagnosis/contract.ts'
import type { Event } from '../../parsers/event.ts'

const refused = (n: number): Event => ({
  time: Date.UTC(2026, 10, 21) + n,
  zone: 'known',
  scope: { server: `h${n}.example`, path: '/ws', upstream: `10.0.0.${n}:80` },
  sign: 'connect-refused',
  kind: 'upstream_refused',
  client: null,
  connection: null,
})

it.each([200, 230])('%i places that fail', (places) => {
  const evidence = emptyEvidence()
  for (let n = 0; n < places; n++)
    foldEvent(evidence, refused(n), { source: 'error.log', line: n, text: 'refused', time: null })
  const { findings, blind_spots } = diagnose(evidence, { config: null })
  expect(findings).toHaveLength(200)
  const told = blind_spots.filter(({ what }) => what.endsWith('more findings'))
  expect(told.map(({ what }) => what)).toEqual(places > 200 ? [`${places - 200} more findings`] : [])
})
