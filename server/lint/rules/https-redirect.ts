/** Plain-text servers that send everything to https: `ws://` clients fail there. */
import { serverNames } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

export const httpsRedirect: Rule = {
  id: 'https-redirect',
  title: 'ws:// clients are sent to https, where they do not go',
  severity: 'info',
  docs: 'https://websockets.spec.whatwg.org/#opening-handshake',
  check({ named, sockets }, report) {
    const names = new Set(sockets.flatMap(({ server }) => serverNames(server)))
    for (const redirect of named('return')) {
      const { parent } = redirect
      if (!parent || !redirect.statement.args.some((arg) => arg.startsWith('https://'))) continue
      const server = parent.statement.args[0] === '/' ? parent.parent : parent
      if (server?.statement.name !== 'server' || !serverNames(server).some((name) => names.has(name))) continue
      report.at(
        redirect,
        'info',
        'clients that open ws:// here fail, since they do not follow a redirect; the application must use wss://',
      )
    }
  },
}
