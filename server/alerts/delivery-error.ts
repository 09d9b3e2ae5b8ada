/** A message was not taken. `reason` is short and names neither URL nor answer: it is stored and shown. */
export class DeliveryError extends Error {
  /** False when sending the same again cannot succeed (most 4xx). */
  readonly retry: boolean
  /** There is nothing at this address any more, for no message. */
  readonly gone: boolean
  /** How long the receiver asked to be left alone, ms; null when it did not. */
  readonly retry_after: number | null
  readonly status: number | null
  constructor(
    reason: string,
    retry: boolean,
    more: { gone?: boolean | undefined; retry_after?: number | null | undefined; status?: number } = {},
  ) {
    super(reason)
    this.retry = retry
    this.gone = more.gone ?? false
    this.retry_after = more.retry_after ?? null
    this.status = more.status ?? null
  }
}
