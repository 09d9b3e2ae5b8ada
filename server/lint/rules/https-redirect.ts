/** Plain-text servers that send everything to https: `ws://` clients fail there. */
import { descendants, serverNames } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

export const httpsRedirect: Rule = {
  id: 'https-redirect',
  title: 'ws:// clients are sent to https, where they do not go',
  severity: 'info',
  docs: 'https://websockets.spec.whatwg.org/#opening-handshake',
  check({ servers, sockets }, report) {
    const names = new Set(sockets.flatMap(({ server }) => serverNames(server)))
    for (const server of servers) {
      const redirect = [...descendants(server.children)].find(
        ({ statement: { name, args }, parent }) =>
          (parent === server || parent?.statement.args[0] === '/') &&
          name === 'return' &&
          args.some((arg) => arg.startsWith('https://')),
      )
      if (redirect && serverNames(server).some((name) => names.has(name)))
        report.at(
          redirect,
          'info',
          'clients that open ws:// here fail, since they do not follow a redirect; the application must use wss://',
          null,
        )
    }
  },
}
