/** A report to hand on: redacted, to copy or as one file. */
import { useSignal } from '@preact/signals'
import type { Finding, Report } from '../../server/http/wire.ts'
import { asHtml, asMarkdown, redactFindings } from '../../server/share/contract.ts'
import { CopyButton } from './copy.tsx'

/** Gives the browser a file to keep. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers start to read only after the click is done.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

const NOTE = 'Made by halfopen. Addresses, host names and users are replaced by words, the same one by the same.'

function Buttons({ findings, name }: { findings: readonly Finding[]; name: string }) {
  const redacted = redactFindings(findings)
  const markdown = asMarkdown(redacted)
  return (
    <>
      <CopyButton text={markdown} what="Copy Markdown" />
      <button type="button" class="button small" onClick={() => save(`${name}.md`, 'text/markdown', markdown)}>
        Save Markdown
      </button>
      <button
        type="button"
        class="button small"
        onClick={() => save(`${name}.html`, 'text/html', asHtml(redacted, NOTE))}
      >
        Save HTML
      </button>
      <details class="share-preview">
        <summary>Look at it before you hand it on</summary>
        <pre tabIndex={0} role="group" aria-label="The redacted report">
          {markdown}
        </pre>
      </details>
    </>
  )
}

/** Of one problem; made only when it is asked for. */
export function Share({ finding }: { finding: Finding }) {
  const open = useSignal(false)
  return (
    <details class="panel share" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        <h2>Share</h2>
      </summary>
      <p class="muted">Without addresses, host names, users and query values. Read it before you post it.</p>
      {open.value && (
        <div class="toolbar">
          <Buttons findings={[finding]} name={`halfopen-${finding.cause}`} />
        </div>
      )}
    </details>
  )
}

/** Findings that are handed on; who wants more takes the JSON. */
const MOST = 30

/** Of a whole report: redacted to hand on, or as it is. */
export const SaveReport = ({ report }: { report: Report }) => (
  <div class="toolbar share" role="group" aria-label="Hand the report on">
    {report.findings.length > 0 && <Buttons findings={report.findings.slice(0, MOST)} name="halfopen-report" />}
    <button
      type="button"
      class="button small"
      title="The whole report, nothing replaced"
      onClick={() => save('halfopen-report.json', 'application/json', `${JSON.stringify(report, null, 2)}\n`)}
    >
      Save JSON
    </button>
  </div>
)
