/** Where messages may be sent to. Judged by the address that is dialled, when it is dialled: a name that is harmless when
 *  it is looked at may point elsewhere a moment later (DNS rebinding), and to the metadata service of a cloud. */
import { BlockList, isIP } from 'node:net'

type Kind = 'public' | 'private' | 'never'

const list = (...nets: [string, number, 'ipv4' | 'ipv6'][]): BlockList => {
  const block = new BlockList()
  for (const [net, prefix, family] of nets) block.addSubnet(net, prefix, family)
  return block
}

/** Link-local (metadata services are there), multicast, reserved and documentation ranges: no receiver is there. */
const NEVER = list(
  ['0.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  // Metadata services outside of link-local: Alibaba Cloud, Azure's WireServer, Oracle Cloud at first, AWS over IPv6.
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['fd00:ec2::', 32, 'ipv6'],
  ['::', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
)
/** This machine and its network. */
const PRIVATE = list(
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
)

export function kindOfAddress(address: string): Kind {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const version = isIP(plain)
  if (version === 0) return 'never'
  const inner = version === 6 ? embedded(plain) : null
  if (inner !== null) return kindOfAddress(inner)
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (NEVER.check(plain, family)) return 'never'
  return PRIVATE.check(plain, family) ? 'private' : 'public'
}

/** The IPv4 address that an IPv6 one stands for: mapped, compatible, NAT64, 6to4, Teredo. */
function embedded(address: string): string | null {
  const words = wordsOf(address)
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = words
  const v4 = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.')
  const zeros = (a | b | c | d | e) === 0
  if (zeros && (f === 0xffff || (f === 0 && (g !== 0 || h > 1)))) return v4(g, h)
  // IPv4-translated, ::ffff:0:0/96.
  if ((a | b | c | d) === 0 && e === 0xffff && f === 0) return v4(g, h)
  if (a === 0x64 && b === 0xff9b) return v4(g, h)
  if (a === 0x2002) return v4(b, c)
  if (a === 0x2001 && b === 0) return v4(g ^ 0xffff, h ^ 0xffff)
  return null
}

function wordsOf(address: string): number[] {
  // An IPv4 address at the end becomes two words.
  const text = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = text.split('::')
  const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((word) => parseInt(word, 16)))
  const [front, back] = [words(head), words(tail ?? '')]
  return tail === undefined ? front : [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
}

/** Whether it was written as this machine or its network: who writes an address means it. A name may mean anything. */
export const isWrittenPrivate = (host: string): boolean =>
  /^localhost\.?$/i.test(host) || kindOfAddress(host) === 'private'

/** Why an address may not be dialled, as what to do; null: it may. */
export function refusal(address: string, mayBePrivate: boolean): string | null {
  const kind = kindOfAddress(address)
  if (kind === 'never') return 'refused: the name leads to a link-local, metadata or reserved address'
  if (kind === 'private' && !mayBePrivate)
    return 'refused: the name leads to this machine or its network; alerts.allow_private allows that'
  return null
}
