/** What to change, how to verify, how to roll back. */
import { replaceRemark, type Directive, type Fix } from '../diagnosis/contract.ts'
import { displayWidth, escapeText, type Paint } from './terminal.ts'

/** Keeps the layout of configuration text: a tab is four columns, everything else is escaped. */
const configText = (text: string): string => escapeText(text.replaceAll('\t', '    ').trimEnd())

/** The lines to change without a patch: the directives in their blocks, else the snippet. They are never broken: a reader
 *  copies them. */
export function changeRows(fix: Fix, paint: Paint): string[] {
  if (fix.directives.length > 0) return directiveRows(fix.directives, paint)
  return fix.snippet === null
    ? []
    : fix.snippet
        .trimEnd()
        .split('\n')
        .map((line) => configRow(line, true, paint))
}

/** The patch as it is, for the first column: what is copied from a terminal can be applied. Only what could act on the
 *  terminal is written out; tabs stay, since a patch with other blanks fits no file. */
export function patchRows(patch: string, paint: Paint): string[] {
  return patch
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => {
      const tone = /^(?:---|\+\+\+) /.test(line)
        ? 'dim'
        : line.startsWith('+')
          ? 'green'
          : line.startsWith('-')
            ? 'red'
            : 'dim'
      return paint(tone, line.split('\t').map(escapeText).join('\t'))
    })
}

/** A context that nginx would accept is drawn as its block; one in words ("location that serves /ws") as a comment. */
const BLOCK = /^(?:http|events|stream|server|location|upstream|map|if)\b(?!.*\b(?:that|which|of|for|with)\b)/

function directiveRows(directives: readonly Directive[], paint: Paint): string[] {
  const blocks = new Map<string, string[]>()
  for (const { context, text } of directives) blocks.set(context, [...(blocks.get(context) ?? []), ...text.split('\n')])
  const rows: string[] = []
  for (const [context, lines] of blocks) {
    if (rows.length > 0) rows.push('')
    const block = BLOCK.test(context)
    if (block) rows.push(configRow(`${context} {`, false, paint))
    else if (context !== 'main' && context !== '') rows.push(configRow(`# in the ${context}`, false, paint))
    const remark = replaceRemark(lines)
    if (remark !== null) rows.push(configRow(block ? `    ${remark}` : remark, false, paint))
    for (const line of lines) rows.push(configRow(block ? `    ${line}` : line, true, paint))
    if (block) rows.push(configRow('}', false, paint))
  }
  return rows
}

/** One configuration line with its mark, however long. */
const configRow = (text: string, added: boolean, paint: Paint): string =>
  added ? paint('green', `+ ${configText(text)}`) : paint('dim', `  ${configText(text)}`.trimEnd())

/** A shell command in rows that can be copied as they are: broken at spaces outside quotes, with a backslash.
 *  A piece without such a space stays whole: the half of it would be run. */
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
    return rows
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
  let inside = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === '\\' && quote !== "'") word += c + text.charAt(++i)
    else if (c === ' ' && quote === '' && inside === 0) {
      if (word !== '') words.push(word)
      word = ''
    } else {
      // A command in a command stays in one piece.
      if (quote === '' && c === '(' && word.endsWith('$')) inside++
      if (quote === '' && c === ')' && inside > 0) inside--
      if (c === quote) quote = ''
      else if (quote === '' && (c === "'" || c === '"')) quote = c
      word += c
    }
  }
  if (word !== '') words.push(word)
  return words
}
