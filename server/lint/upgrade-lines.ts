/** The lines that pass an upgrade on, with the map that is there already. */
import { upgradeVariable } from '../nginx-config/contract.ts'
import { isUpgrade, valueOf, type Place, type Subject } from './subject.ts'

/** Directives for a location that has not got them yet; where there is no map, it is given first, for http context. */
export function headerLines(subject: Subject, place: Place): string {
  const connection = place.headers.get('connection') ?? []
  const good = connection.length === 1 && connection.every((line) => /\$|^upgrade$/i.test(valueOf(line)))
  const lines = [
    ...(subject.modern || subject.setting(place.block, 'proxy_http_version') ? [] : ['proxy_http_version 1.1;']),
    ...(place.headers.get('upgrade')?.some(isUpgrade) === true ? [] : ['proxy_set_header Upgrade $http_upgrade;']),
    ...(good ? [] : [connectionLine(subject)]),
  ]
  return upgradeVariable(subject.config) === null && !good ? [MAP, ...lines].join('\n') : lines.join('\n')
}

/** Connection by the map that is there already. */
export function connectionLine(subject: Subject): string {
  return `proxy_set_header Connection $${upgradeVariable(subject.config) ?? 'connection_upgrade'};`
}

export const MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }   # in http"
