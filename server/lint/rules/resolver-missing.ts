/** A name in a variable is looked up for each request, by `resolver`; without one every request fails with 502. */
import { descendants, type Node } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { isComplete, settingGap, variablesIn, type Place, type Subject } from '../subject.ts'

export const resolverMissing: Rule = {
  id: 'resolver-missing',
  title: 'A backend name in a variable, and no resolver',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver',
  check(subject, report) {
    const known = new Map<Node, Map<string, string[]>>()
    for (const place of subject.places) {
      const host = hostOf(place.pass.statement.args[0] ?? '')
      if (!host.includes('$') || subject.setting(place.block, 'resolver')) continue
      const names = valuesOf(subject, place, host, known)
      if (names !== null && names.every((name) => isLiteral(name) || subject.upstreams.has(name.toLowerCase())))
        continue
      const gap = settingGap(place, 'resolver')
      if (gap) report.undecided(gap, `whether ${place.name} has a resolver`)
      else if (!isComplete(subject))
        report.at(
          place.pass,
          'info',
          `undecided: nginx.conf, which was not given, may set a resolver for ${place.name}`,
          null,
        )
      else {
        const certain = names !== null && place.sign !== null
        report.at(
          place.pass,
          certain ? 'error' : 'warning',
          `${names?.find((name) => !isLiteral(name)) ?? host} cannot be resolved while nginx runs: 502, "no resolver defined"`,
          'resolver 127.0.0.53 valid=30s;   # in Docker: 127.0.0.11',
        )
      }
    }
  },
}

/** The host of a proxy_pass as written; a path may follow it in a variable: `http://10.0.0.1$request_uri`. */
function hostOf(target: string): string {
  const authority = /^(?:https?|\$\{?\w+\}?):\/\/([^/?#]*)/i.exec(target)?.[1] ?? ''
  return authority.replace(/\$\{?(?:request_uri|uri|document_uri|is_args|args)\b.*$/s, '')
}

/** Values of the host part, where every variable in it is set to texts; null: known only while nginx runs. */
function valuesOf(
  { maps }: Subject,
  { server }: Place,
  host: string,
  known: Map<Node, Map<string, string[]>>,
): string[] | null {
  let texts = [host.replace(/:(?:\d+|\$\{?\w+\}?)$/, '')]
  for (const name of variablesIn(texts[0] ?? '')) {
    const set = setIn(server, known).get(name) ?? []
    const lines = (maps.get(name)?.at(-1)?.children ?? []).map(({ statement }) => statement.args[0] ?? '')
    const values = [...new Set([...set, ...lines])].filter((value) => value !== '')
    if (values.length === 0 || values.some((value) => value.includes('$')) || values.length > 100) return null
    texts = values.flatMap((value) =>
      texts.map((text) => text.replace(new RegExp(`\\$\\{?${name}\\b\\}?`, 'g'), () => value)),
    )
  }
  return texts.map((text) => text.replace(/:\d+$/, ''))
}

/** What `set` gives each variable in a server block. A server may have thousands of locations, and each asks. */
function setIn(server: Node, known: Map<Node, Map<string, string[]>>): Map<string, string[]> {
  const before = known.get(server)
  if (before) return before
  const values = new Map<string, string[]>()
  for (const { statement } of descendants([server])) {
    const [variable = '', value = ''] = statement.args
    if (statement.name !== 'set' || !variable.startsWith('$')) continue
    const same = values.get(variable.slice(1))
    if (same) same.push(value)
    else values.set(variable.slice(1), [value])
  }
  known.set(server, values)
  return values
}

const isLiteral = (host: string): boolean => /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\]|unix)$/i.test(host)
