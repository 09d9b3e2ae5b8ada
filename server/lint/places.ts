/** Where a finding stands: file, line and column, and the line as it is written. */
import { lineOf, type ConfigProblem, type NginxConfig, type Source, type Statement } from '../nginx-config/contract.ts'

export interface FoundAt {
  file: string
  /** From 1; 0: the file as a whole. */
  line: number
  column: number
  /** End of the directive's first words, exclusive; as `column`. */
  end_line: number
  end_column: number
  /** The line as it stands, trimmed. */
  text: string
}

const MOST_TEXT = 200

/** For one run: what findings share is read once. */
export class Places {
  readonly #config: NginxConfig
  readonly #starts = new Map<Source, number[]>()
  #last: { source: Source; start: number; line: string } | null = null

  constructor(config: NginxConfig) {
    this.#config = config
  }

  of(statement: Statement): FoundAt {
    const { source, start, wordsEnd, column } = statement
    const line = lineOf(statement)
    const words = source.text.slice(start, wordsEnd)
    const breaks = words.includes('\n') ? words.split('\n') : [words]
    const tail = breaks.at(-1)?.length ?? 0
    return {
      file: source.file,
      line,
      column,
      end_line: line + breaks.length - 1,
      end_column: breaks.length === 1 ? column + tail : tail + 1,
      text: this.#lineFrom(source, start - column + 1),
    }
  }

  ofProblem({ file, line, column }: ConfigProblem): FoundAt {
    const source = this.#config.sources.get(file)
    const start = source && this.#startsOf(source)[line - 1]
    const text = source && start !== undefined ? this.#lineFrom(source, start) : ''
    return { file, line, column, end_line: line, end_column: column + 1, text }
  }

  /** Of a file that is one long line every finding asks for the same one. */
  #lineFrom(source: Source, start: number): string {
    if (this.#last?.source === source && this.#last.start === start) return this.#last.line
    const end = source.text.indexOf('\n', start)
    const whole = source.text.slice(start, end === -1 ? undefined : end)
    const line = whole.trim().slice(0, MOST_TEXT)
    this.#last = { source, start, line }
    return line
  }

  #startsOf(source: Source): number[] {
    const before = this.#starts.get(source)
    if (before) return before
    const starts = [0]
    for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#starts.set(source, starts)
    return starts
  }
}
