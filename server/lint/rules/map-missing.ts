/** `unknown "connection_upgrade" variable`: nginx does not start. */
import { definesVariable } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { httpGap, isComplete, valueOf, variablesIn } from '../subject.ts'
import { MAP } from '../upgrade-lines.ts'

/** Prefixes and names that nginx or its modules define; those of other modules are not for us to judge. */
const BUILT_IN = /^(?:http|arg|cookie|sent|upstream|ssl|proxy|connection|scheme|host|uri|args)(?:_|$)/

export const mapMissing: Rule = {
  id: 'map-missing',
  title: 'The variable of a Connection header is defined nowhere',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_map_module.html#map',
  check(subject, report) {
    const seen = new Set<unknown>()
    for (const { headers, name } of subject.places)
      for (const line of headers.get('connection') ?? []) {
        const unknown = variablesIn(valueOf(line)).find(
          (one) => !isBuiltIn(one) && !definesVariable(subject.config, one),
        )
        if (unknown === undefined || seen.has(line.statement)) continue
        seen.add(line.statement)
        const gap = httpGap(subject)
        if (gap) report.undecided(gap, `whether $${unknown} is defined`)
        else if (isComplete(subject))
          report.at(
            line,
            'error',
            `${name} uses $${unknown}, which nothing defines: nginx does not start`,
            unknown === 'connection_upgrade' ? MAP : null,
          )
        else report.at(line, 'info', `undecided: $${unknown} has to be defined in nginx.conf, which was not given`, MAP)
      }
  },
}

const isBuiltIn = (name: string): boolean => name !== 'connection_upgrade' && BUILT_IN.test(name)
