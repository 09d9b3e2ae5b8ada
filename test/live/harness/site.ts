/** One nginx with three locations, for tests of the service: `/ws` misses its headers (426), `/ok/` works,
 *  `/dead/` has no backend. */
import { startBackend } from './backend.ts'
import { handshake, join } from './client.ts'
import { location, MAP, siteConfig, UPGRADE_LINES } from './config.ts'
import { freePort, lines, logged, startNginx, type Nginx } from './nginx.ts'

export interface MixedSite {
  nginx: Nginx
  /** A failed handshake at `/ws`, a good one at `/ok/`, a plain page; a 502 at `/dead/` when `dead`. Resolves when logged. */
  round(dead?: boolean): Promise<void>
  /** Lines in the access log. */
  requests(): number
  close(): Promise<void>
}

export async function startMixedSite(): Promise<MixedSite> {
  const backend = await startBackend({ refusal: 426 })
  const nobody = await freePort()
  const nginx = await startNginx((site) =>
    siteConfig(site, {
      http: MAP,
      errorLevel: 'info',
      locations:
        location('/', backend.port) +
        location('/ws', backend.port) +
        location('/ok/', backend.port, UPGRADE_LINES) +
        location('/dead/', nobody, UPGRADE_LINES),
    }),
  )
  const requests = () => lines(nginx.accessLog).length
  return {
    nginx,
    requests,
    async round(dead = false) {
      const before = requests()
      await handshake(`${nginx.ws}/ws`)
      const session = await join(`${nginx.ws}/ok/socket`)
      await session.echo('hello')
      await session.leave()
      await fetch(`${nginx.http}/`)
      if (dead) await handshake(`${nginx.ws}/dead/socket`)
      await logged(nginx.accessLog, /./, before + (dead ? 4 : 3))
    },
    async close() {
      await nginx.close()
      await backend.stop()
    },
  }
}
