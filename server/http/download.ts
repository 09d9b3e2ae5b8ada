/** A file for the browser to keep, never to be shown as a page of the dashboard. */
export class Download {
  readonly name: string
  /** Media type, without a charset. */
  readonly type: string
  readonly text: string
  constructor(name: string, type: string, text: string) {
    this.name = name
    this.type = type
    this.text = text
  }
}
