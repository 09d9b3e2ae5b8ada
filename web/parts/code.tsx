import type { DiffLine } from '../text/diff.ts'
import { visible, visibleLines } from '../text/visible.ts'
import { CopyButton } from './copy.tsx'

/** Commands to run, each with its own copy button. A line that is only a comment is a remark, nothing to copy. */
export const Commands = ({ commands }: { commands: readonly string[] }) => (
  <ul class="commands">
    {commands.map((command) =>
      command.startsWith('# ') ? (
        <li class="muted" key={command}>
          {visibleLines(command.slice(2))}
        </li>
      ) : (
        <li class="command" key={command}>
          <code>{visibleLines(command)}</code>
          <CopyButton text={visibleLines(command)} />
        </li>
      ),
    )}
  </ul>
)

/** A block of text to paste. */
export const CodeBlock = ({ text, label }: { text: string; label: string }) => (
  <div class="code-block">
    <div class="code-head">
      <span>{label}</span>
      <CopyButton text={visibleLines(text)} />
    </div>
    <pre tabIndex={0} role="group" aria-label={label}>
      {visibleLines(text)}
    </pre>
  </div>
)

const READ_ALOUD = { add: 'add: ', remove: 'remove: ', same: '', place: '' }

/** Lines of a diff. The signs are drawn by the style sheet, so that selecting the text does not pick them up. */
export const Diff = ({ lines, label, paste }: { lines: DiffLine[]; label: string; paste: string }) => (
  <div class="code-block">
    <div class="code-head">
      <span>{label}</span>
      <CopyButton text={visibleLines(paste)} what={paste.startsWith('---') ? 'Copy patch' : 'Copy lines'} />
    </div>
    <pre class="diff" tabIndex={0} role="group" aria-label={label}>
      {lines.map((line, i) => (
        <span class={`diff-line ${line.sign}`} key={i}>
          {READ_ALOUD[line.sign] !== '' && <span class="offscreen">{READ_ALOUD[line.sign]}</span>}
          {visible(line.text.replaceAll('\t', '    '))}
          {'\n'}
        </span>
      ))}
    </pre>
  </div>
)
