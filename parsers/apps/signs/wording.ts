/** One way in which some software says what a sign stands for. */
export interface Wording {
  sign: string
  /** Who prints it. */
  from: string
  text: RegExp
  example: string
}
