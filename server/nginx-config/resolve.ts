/** From a URL to the block that answers it, and what the backend receives. */
import { inherited } from './effective.ts'
import { received, type Received } from './received.ts'
import { candidateServers, serversAt } from './servers.ts'
import type { NginxConfig, Node } from './tree.ts'
import { hostName } from './values.ts'
import { walk, type Journey } from './walk.ts'

export interface AskedRequest {
  scheme: 'http' | 'https'
  /** nginx's port; null: any. */
  port: number | null
  /** Local address of the connection; null: not known. */
  address: string | null
  /** The Host header. */
  host: string
  target: string
  /** Others, by lower-case name. */
  headers: Readonly<Record<string, string>>
}

export interface Resolved {
  journey: Journey
  /** Null when nothing is passed on, or proxy_pass is no URL. */
  received: Received | null
}

/** The headers of a browser's handshake that configurations look at. */
export const HANDSHAKE: Readonly<Record<string, string>> = { upgrade: 'websocket', connection: 'Upgrade' }

/** One answer for each server block that may get the request: one when port and address are known, and the first is
 *  nginx's when only one listens there. [] when nothing listens. @param version of nginx; null: not known.
 *  @param assume conditions that only the running nginx can judge do not hold, and are named; else they end the way. */
export function resolveRequest(
  config: NginxConfig,
  asked: AskedRequest,
  version: string | null = null,
  assume = true,
): Resolved[] {
  const host = hostName(asked.host)
  const { port, address, scheme, target } = asked
  const servers =
    port === null
      ? candidateServers(config, host).map((server) => ({ server, first: server }))
      : serversAt(config, port, address, host)
  const headers = new Map(Object.entries({ ...asked.headers, host: asked.host }))
  return servers.map(({ server, first }) => {
    // With TLS the name in the ClientHello has chosen the server before a line is read.
    const mergeSlashes = mergesSlashes(scheme === 'https' ? server : first)
    const journey = walk(config, server, { scheme, method: 'GET', target, headers, port, mergeSlashes }, assume)
    const { outcome } = journey
    return { journey, received: outcome.kind === 'proxied' ? received(journey, outcome.pass, version) : null }
  })
}

const mergesSlashes = (server: Node): boolean => inherited(server, 'merge_slashes')?.statement.args[0] !== 'off'
