/** The lines that pass an upgrade on, with the map that is there already. */
import { isUpgradeMap } from './connection-map.ts'
import type { Subject } from './subject.ts'

/** Directives for the location; where there is no map, it is given first, for http context. */
export function headerLines(subject: Subject): string {
  const map = [...subject.maps].find(([, nodes]) => nodes.some(isUpgradeMap))?.[0]
  const lines = [
    ...(subject.modern ? [] : ['proxy_http_version 1.1;']),
    'proxy_set_header Upgrade $http_upgrade;',
    `proxy_set_header Connection $${map ?? 'connection_upgrade'};`,
  ].join('\n')
  return map === undefined ? `${MAP}\n${lines}` : lines
}

export const MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }   # in http"
