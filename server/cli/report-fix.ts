/** What to change, how to verify, how to roll back. */
import { replaceRemark, type Directive, type Fix } from '../diagnosis/contract.ts'
import { cut, displayWidth, escapeText, type Paint } from './terminal.ts'

/** Keeps the layout of configuration text: a tab is four columns, everything else is escaped. */
const configText = (text: string): string => escapeText(text.replaceAll('\t', '    ').trimEnd())

/** The change as rows: the patch when there is one, else the directives in their blocks, else the snippet. */
export function changeRows(fix: Fix, width: number, paint: Paint): string[] {
  if (fix.patch !== null) return patchRows(fix.patch, width, paint)
  if (fix.directives.length > 0) return directiveRows(fix.directives, width, paint)
  return fix.snippet === null
    ? []
    : fix.snippet
        .trimEnd()
        .split('\n')
        .flatMap((line) => configRows(line, true, width, paint))
}

function patchRows(patch: string, width: number, paint: Paint): string[] {
  return patch
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const tone = /^(?:---|\+\+\+) /.test(line)
        ? 'dim'
        : line.startsWith('+')
          ? 'green'
          : line.startsWith('-')
            ? 'red'
            : 'dim'
      return cut(configText(line), width).map((row) => paint(tone, row))
    })
}

/** A context that nginx would accept is drawn as its block; one in words ("location that serves /ws") as a comment. */
const BLOCK = /^(?:http|events|stream|server|location|upstream|map|if)\b(?!.*\b(?:that|which|of|for|with)\b)/

function directiveRows(directives: readonly Directive[], width: number, paint: Paint): string[] {
  const blocks = new Map<string, string[]>()
  for (const { context, text } of directives) blocks.set(context, [...(blocks.get(context) ?? []), ...text.split('\n')])
  const rows: string[] = []
  for (const [context, lines] of blocks) {
    if (rows.length > 0) rows.push('')
    const block = BLOCK.test(context)
    if (block) rows.push(...configRows(`${context} {`, false, width, paint))
    else if (context !== 'main' && context !== '') rows.push(...configRows(`# in the ${context}`, false, width, paint))
    const remark = replaceRemark(lines)
    if (remark !== null) rows.push(...configRows(block ? `    ${remark}` : remark, false, width, paint))
    for (const line of lines) rows.push(...configRows(block ? `    ${line}` : line, true, width, paint))
    if (block) rows.push(...configRows('}', false, width, paint))
  }
  return rows
}

/** One configuration line with its mark; what does not fit continues below, indented: nginx reads it the same. */
function configRows(text: string, added: boolean, width: number, paint: Paint): string[] {
  const line = configText(text)
  const indent = /^ */.exec(line)?.[0] ?? ''
  const first = cut(line, width - 2)
  const rest = first.length > 1 ? cut(line.slice(first[0]?.length ?? 0).trimStart(), width - 6 - indent.length) : []
  const rows = [first[0] ?? '', ...rest.map((row) => `${indent}    ${row}`)]
  return rows.map((row) => (added ? paint('green', `+ ${row}`) : paint('dim', `  ${row}`.trimEnd())))
}

/** A shell command in rows that can be copied as they are: broken at spaces outside quotes, with a backslash.
 *  A piece without such a space is cut hard. */
export function commandRows(command: string, width: number): string[] {
  return command.split('\n').flatMap((line) => {
    const text = escapeText(line)
    if (displayWidth(text) <= width) return [text]
    const rows: string[] = []
    let row = ''
    for (const word of shellWords(text)) {
      const indent = rows.length === 0 ? '' : '    '
      if (row !== '' && displayWidth(`${indent}${row} ${word}`) > width - 2) {
        rows.push(`${indent}${row} \\`)
        row = word
      } else row = row === '' ? word : `${row} ${word}`
    }
    rows.push(`${rows.length === 0 ? '' : '    '}${row}`)
    return rows.flatMap((r) => cut(r, width))
  })
}

/** Splits at spaces outside quotes; an option stays with its value. Everything stays as written. */
function shellWords(text: string): string[] {
  const words = bareWords(text)
  const joined: string[] = []
  for (const word of words) {
    const before = joined.at(-1)
    if (before !== undefined && /^-{1,2}[\w-]+$/.test(before) && /^['"\d]/.test(word))
      joined[joined.length - 1] = `${before} ${word}`
    else joined.push(word)
  }
  return joined
}

function bareWords(text: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === '\\' && quote !== "'") word += c + text.charAt(++i)
    else if (c === ' ' && quote === '') {
      if (word !== '') words.push(word)
      word = ''
    } else {
      if (c === quote) quote = ''
      else if (quote === '' && (c === "'" || c === '"')) quote = c
      word += c
    }
  }
  if (word !== '') words.push(word)
  return words
}
