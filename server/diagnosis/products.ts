/** Which program writes the configuration, by its files, its log's format or name. What to change there says product-terms.ts.
 *  Pure. */
import type { ConfigView, Exemplar } from './contract.ts'

export type Product = 'npm' | 'swag' | 'ingress' | 'plesk' | 'cpanel' | 'synology'

/** Names that nobody else gives to logs and files. */
const BY_PATH: readonly [Product, RegExp][] = [
  ['npm', /\/proxy_host\/\d+\.conf$|proxy-host-\d+_(?:access|error)\.log/],
  ['swag', /\/(?:site|proxy)-confs\/[^/]+\.conf$|\/config\/log\/nginx\//],
  ['synology', /\/server\.ReverseProxy\.conf$/],
  ['plesk', /\/plesk\.conf\.d\/|\/vhosts\/system\/[^/]+\/(?:conf|logs)\//],
  ['cpanel', /\/conf\.d\/users\/[^/]+(?:\.conf$|\/)|\/var\/log\/nginx\/domains\//],
]
const BY_FORMAT: readonly [string, Product][] = [
  ['npm-access', 'npm'],
  ['ingress-access', 'ingress'],
  ['cpanel-access', 'cpanel'],
]

/** @param file where the change belongs by the configuration; null: not known.
 *  @param lines of the finding: their logs' names tell. */
export function productOf(
  config: ConfigView | null,
  formats: ReadonlySet<string>,
  file: string | null,
  lines: readonly Pick<Exemplar, 'source'>[],
): Product | null {
  if (config?.installation) return config.installation
  for (const path of [...(file === null ? [] : [file]), ...lines.map(({ source }) => source)])
    for (const [product, pattern] of BY_PATH) if (pattern.test(path)) return product
  if (config !== null) return null
  return BY_FORMAT.find(([format]) => formats.has(format))?.[1] ?? null
}
