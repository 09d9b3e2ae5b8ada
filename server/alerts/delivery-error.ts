/** A message was not taken. `reason` is short and names neither URL nor answer: it is stored and shown. */
export class DeliveryError extends Error {
  /** False when sending the same again cannot succeed (most 4xx). */
  readonly retry: boolean
  constructor(reason: string, retry: boolean) {
    super(reason)
    this.retry = retry
  }
}
