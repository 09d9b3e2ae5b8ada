/** What the UDP and the TCP receiver have in common. */

/** Longest message that is kept whole: more than any datagram holds. */
export const MESSAGE_BYTES = 2 ** 16

export interface ReceiverEvents {
  onListening(): void
  /** One message, valid until the return. False: no room, whoever can is to stop reading until `goOn`. */
  onMessage(message: Buffer): boolean
  /** It receives nothing any more. */
  onError(error: NodeJS.ErrnoException): void
}

export interface Receiver {
  goOn(): void
  /** What is known to be missing, each part as words for a person. */
  losses(): string[]
  close(): Promise<void>
}

/** `1 message`, `2,000 messages`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}
