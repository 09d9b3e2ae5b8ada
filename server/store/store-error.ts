/** Operational failures of the store; `code` is in http/errors.ts and documented there. */
export class StoreError extends Error {
  readonly code:
    | 'database-unwritable'
    | 'database-newer'
    | 'database-damaged'
    | 'database-no-driver'
    | 'database-in-use'
    | 'database-missing'
    | 'database-gone'
  constructor(code: StoreError['code'], message: string) {
    super(message)
    this.code = code
  }
}
