/** Logs and a configuration that are dropped or pasted here are read once, as `halfopen analyze` does, and forgotten. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Report } from '../../server/http/wire.ts'
import type { ApiError } from '../api.ts'
import { fieldOf } from '../data/uploads.ts'
import { Icon } from '../parts/icons.tsx'
import { Failure } from '../parts/notice.tsx'
import { Raw } from '../parts/raw.tsx'
import { ReportView } from '../parts/report.tsx'
import { SaveReport } from '../parts/share.tsx'
import { asApiError } from '../state.ts'
import { zoneName } from '../text/time.ts'
import { bytes } from '../text/words.ts'
import { analyze, type Handed } from '../upload.ts'

/** What the server takes at once. */
const MOST = 64 * 2 ** 20

// Outside of the component: looking at another page and coming back keeps the report. A reload forgets it.
const files = signal<Handed[]>([])
const pasted = signal('')
const report = signal<Report | null>(null)
const error = signal<ApiError | null>(null)
/** 0 to 1 while it is sent, 1 while it is read; null when nothing is under way. */
const progress = signal<number | null>(null)
const dragged = signal(false)
const zone = signal(zoneName())
let stop = new AbortController()

async function add(list: Iterable<File>): Promise<void> {
  const added = await Promise.all(
    [...list].map(async (file): Promise<Handed> => {
      const start = await file.slice(0, 4096).text()
      return { field: fieldOf(file.name, start), name: file.name, content: file }
    }),
  )
  files.value = [...files.value, ...added]
}

function handed(): Handed[] {
  const text = pasted.value
  if (text.trim() === '') return files.value
  const field = fieldOf('', text.slice(0, 4096))
  const name = field === 'log' ? 'pasted.log' : 'pasted.conf'
  return [...files.value, { field, name, content: new Blob([text]) }]
}

async function start(): Promise<void> {
  stop.abort()
  stop = new AbortController()
  error.value = null
  report.value = null
  progress.value = 0
  try {
    report.value = await analyze(handed(), zone.value, (share) => (progress.value = share), stop.signal)
  } catch (reason) {
    const failed = asApiError(reason)
    error.value = failed.code === 'stopped' ? null : failed
  }
  progress.value = null
}

const Files = () => (
  <ul class="uploads">
    {files.value.map((file, at) => (
      <li key={at}>
        <code>
          <Raw text={file.name} />
        </code>
        <span class="muted">{bytes(file.content.size)}</span>
        <label>
          <span class="offscreen">Read it as</span>
          <select
            value={file.field}
            onChange={(event) => {
              const field = event.currentTarget.value === 'config' ? 'config' : 'log'
              files.value = files.value.map((one, i) => (i === at ? { ...one, field } : one))
            }}
          >
            <option value="log">log</option>
            <option value="config">nginx configuration</option>
          </select>
        </label>
        <button
          type="button"
          class="button small"
          onClick={() => (files.value = files.value.filter((_, i) => i !== at))}
        >
          Remove<span class="offscreen"> {file.name}</span>
        </button>
      </li>
    ))}
  </ul>
)

function Progress() {
  const share = progress.value ?? 0
  return (
    <div class="upload-progress" role="status">
      <progress max={1} value={share < 1 ? share : undefined} aria-label="Progress" />
      <span>{share < 1 ? `Sending, ${Math.round(share * 100)}%` : 'Reading'}</span>
      <button type="button" class="button small" onClick={() => stop.abort()}>
        Stop
      </button>
    </div>
  )
}

export function AnalyzePage() {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return
      event.preventDefault()
      dragged.value = event.type === 'dragover'
    }
    const drop = (event: DragEvent) => {
      dragged.value = false
      if (!event.dataTransfer || event.dataTransfer.files.length === 0) return
      event.preventDefault()
      void add(event.dataTransfer.files)
    }
    document.addEventListener('dragover', over)
    document.addEventListener('dragleave', over)
    document.addEventListener('drop', drop)
    return () => {
      document.removeEventListener('dragover', over)
      document.removeEventListener('dragleave', over)
      document.removeEventListener('drop', drop)
    }
  }, [])

  const size = files.value.reduce((sum, { content }) => sum + content.size, 0) + pasted.value.length
  const hasLog = handed().some(({ field }) => field === 'log')
  const busy = progress.value !== null
  return (
    <>
      <h1>Analyze here</h1>
      <p class="lead">
        Logs from anywhere, read once by this halfopen: the report of <code>halfopen analyze</code>. Nothing is stored,
        nothing leaves the machine it runs on.
      </p>
      <section class={`panel drop${dragged.value ? ' over' : ''}`} aria-label="What to read">
        <p>
          <strong>Drop logs here</strong>, packed ones too, and the nginx configuration for a patch of your own file
          (nginx.conf with what it includes, or the output of <code>sudo nginx -T</code>).
        </p>
        <p>
          <button type="button" class="button" onClick={() => input.current?.click()}>
            <Icon name="plus" /> Choose files
          </button>
          <input
            ref={input}
            class="offscreen"
            type="file"
            multiple
            tabIndex={-1}
            aria-label="Files to read"
            onChange={(event) => {
              void add(event.currentTarget.files ?? [])
              event.currentTarget.value = ''
            }}
          />
        </p>
        {files.value.length > 0 && <Files />}
        <label class="paste">
          <span class="label">Or paste lines</span>
          <textarea
            rows={5}
            spellcheck={false}
            value={pasted.value}
            placeholder={'2026/11/21 06:13:51 [error] 31#31: *7 connect() failed (111: Connection refused) …'}
            onInput={(event) => (pasted.value = event.currentTarget.value)}
          />
        </label>
        <div class="toolbar">
          <button
            type="button"
            class="button primary"
            disabled={busy || !hasLog || size > MOST}
            onClick={() => void start()}
          >
            Analyze
          </button>
          <label class="zone">
            <span class="label">Zone of times without one</span>
            <input
              type="text"
              size={18}
              value={zone.value}
              onInput={(event) => (zone.value = event.currentTarget.value.trim())}
            />
          </label>
          <span class="muted">
            {size > MOST
              ? `${bytes(size)} is more than the ${bytes(MOST)} that can be sent; run halfopen analyze where the files are`
              : !hasLog && size > 0
                ? 'A log is needed, too'
                : ''}
          </span>
        </div>
        {busy && <Progress />}
      </section>
      {error.value && <Failure error={error.value} what="It" />}
      {report.value && (
        <>
          <SaveReport report={report.value} />
          <ReportView report={report.value} />
        </>
      )}
    </>
  )
}
