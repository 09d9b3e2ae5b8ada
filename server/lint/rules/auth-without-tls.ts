/** Credentials of a handshake can be read by everyone on the way. */
import { listensOf } from '../../nginx-config/contract.ts'
import { authOf } from '../authentication.ts'
import type { Rule } from '../rule.ts'

export const authWithoutTls: Rule = {
  id: 'auth-without-tls',
  title: 'An authenticated socket on a plain-text address',
  severity: 'warning',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-10.6',
  check(subject, report) {
    if (subject.config.kind === 'server' || subject.config.kind === 'location') return
    for (const place of subject.sockets) {
      const line = authOf(subject, place)
      if (!line) continue
      const plain = listensOf(place.server).some(
        ({ tls, socket }) => !tls && !/^(?:unix:|127\.|\[::1\]|localhost:)/.test(socket),
      )
      if (plain) report.at(line, 'warning', `${place.name} takes credentials over plain HTTP`, 'listen 443 ssl;')
    }
  },
}
