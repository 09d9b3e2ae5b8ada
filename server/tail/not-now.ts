/** What a name of the configuration stands for cannot be told at the moment, and is asked for again; `message` is one
 *  sentence for a person. */
export class NotNow extends Error {
  override name = 'NotNow'
}
