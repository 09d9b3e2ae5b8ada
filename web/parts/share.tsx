/** A report to hand on: redacted, to copy or as one file. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Finding, Report, ShareBody } from '../../server/http/wire.ts'
import { type ApiError, fileOf } from '../api.ts'
import { asApiError } from '../state.ts'
import { CopyButton } from './copy.tsx'
import { Notice } from './notice.tsx'

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

/** The server makes the documents, as it does for the command line. */
const documentOf = (form: 'markdown' | 'html', findings: Finding[]): Promise<string> =>
  fileOf(`share?form=${form}`, { findings } satisfies ShareBody)

/** @param of what the findings are from; when it changes, the document is made again */
function Buttons({ of, findings, name }: { of: object; findings: Finding[]; name: string }) {
  const markdown = useSignal<string | null>(null)
  const failed = useSignal<ApiError | null>(null)
  const newest = useRef(0)

  const run = async (form: 'markdown' | 'html', use: (text: string) => void) => {
    try {
      use(await documentOf(form, findings))
      failed.value = null
    } catch (error) {
      failed.value = asApiError(error)
    }
  }
  // Made before it is asked for: browsers let a page copy only while they still remember the click.
  const make = () => {
    const mine = ++newest.current
    return run('markdown', (text) => {
      if (mine === newest.current) markdown.value = text
    })
  }
  useEffect(() => void make(), [of])

  const { value: text } = markdown
  return (
    <>
      {text !== null && (
        <>
          <CopyButton text={text} what="Copy Markdown" />
          <button type="button" class="button small" onClick={() => save(`${name}.md`, 'text/markdown', text)}>
            Save Markdown
          </button>
          <button
            type="button"
            class="button small"
            onClick={() => void run('html', (html) => save(`${name}.html`, 'text/html', html))}
          >
            Save HTML
          </button>
        </>
      )}
      {text === null && failed.value === null && <span class="muted">Making the report…</span>}
      {failed.value !== null && (
        <Notice tone="bad">
          <p>
            <strong>The report could not be made.</strong> {failed.value.message} {failed.value.hint}
          </p>
          <button type="button" class="button small" onClick={() => void make()}>
            Try again
          </button>
        </Notice>
      )}
      {text !== null && (
        <details class="share-preview">
          <summary>Look at it before you hand it on</summary>
          <pre tabIndex={0} role="group" aria-label="The redacted report">
            {text}
          </pre>
        </details>
      )}
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
          <Buttons of={finding} findings={[finding]} name={`halfopen-${finding.cause}`} />
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
    {report.findings.length > 0 && (
      <Buttons of={report} findings={report.findings.slice(0, MOST)} name="halfopen-report" />
    )}
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
