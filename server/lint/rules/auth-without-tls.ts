/** Credentials of a handshake can be read by everyone on the way. */
import { listensOf } from '../../nginx-config/contract.ts'
import { authOf } from '../authentication.ts'
import type { Rule } from '../rule.ts'

export const authWithoutTls: Rule = {
  id: 'auth-without-tls',
  title: 'An authenticated socket on a plain-text address',
  severity: 'warning',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-10.6',
  check({ config, sockets }, report) {
    if (config.kind === 'server' || config.kind === 'location') return
    for (const place of sockets) {
      const line = authOf(place)
      const plain = listensOf(place.server).some(
        ({ tls, socket }) => !tls && !/^(?:unix:|127\.|\[::1\]|localhost:)/.test(socket),
      )
      if (line && plain)
        report.at(line, 'warning', `${place.name} takes credentials over plain HTTP`, 'listen 443 ssl;')
    }
  },
}
