/** A finding as diagnosis makes them, for tests that are not about diagnosis. */
import type { Finding } from '../../server/diagnosis/contract.ts'

export function finding(more: Partial<Finding> = {}): Finding {
  return {
    id: 'f1',
    cause: 'backend-down',
    title: 'The backend does not accept connections',
    severity: 'critical',
    confidence: 0.95,
    because: ['connect() failed with ECONNREFUSED'],
    against: [],
    count: 3,
    first_seen: '2026-11-21T11:50:00.000Z',
    last_seen: '2026-11-21T11:59:00.000Z',
    scope: { server: 'sweet.example', path: '/ws', upstream: '127.0.0.1:3000', source: null },
    evidence: [{ source: 'error.log', line: 17, text: 'connect() failed (111: Connection refused)' }],
    alternatives: [],
    fix: {
      layer: 'application',
      summary: 'Start the backend.',
      directives: [],
      snippet: null,
      patch: null,
      target: null,
      prepare: [],
      verify: [],
      rollback: [],
    },
    ...more,
  }
}
