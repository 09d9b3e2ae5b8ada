/** Probe and proof of the configured nginx: two buttons, and each step as it is done. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { RunLine, RunResult, RunStarted, RunStep } from '../../server/http/wire.ts'
import { runLines } from '../data/run-lines.ts'
import { can } from '../features.ts'
import { asApiError } from '../state.ts'
import { Commands } from './code.tsx'
import { Raw } from './raw.tsx'

interface Run {
  started: RunStarted | null
  steps: RunStep[]
  result: RunResult | null
  failed: string | null
  /** It goes on. */
  open: boolean
}

const NONE: Run = { started: null, steps: [], result: null, failed: null, open: true }

const OF: Record<RunStep['of'], string> = { proxy: 'nginx', backend: 'backend', before: 'before', after: 'after' }
const VERDICT: Record<RunStep['verdict'], { word: string; tone: string }> = {
  ok: { word: 'ok', tone: 'good' },
  info: { word: 'note', tone: 'quiet' },
  warning: { word: 'look', tone: 'warn' },
  failed: { word: 'failed', tone: 'bad' },
}

const took = (ms: number | null): string => (ms === null ? '' : ms < 1 ? 'under 1 ms' : `${Math.round(ms)} ms`)

const Step = ({ step }: { step: RunStep }) => {
  const { word, tone } = VERDICT[step.verdict]
  return (
    <li class="run-step">
      <span class={`badge kind-${tone}`}>{word}</span>
      <div>
        <span class="label">{OF[step.of]}</span> <Raw text={step.title} /> <span class="muted">{took(step.ms)}</span>
        {step.seen.length > 0 && (
          <ul class="run-seen">
            {step.seen.map((line, i) => (
              <li key={i}>
                <code>
                  <Raw text={line} />
                </code>
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  )
}

const Result = ({ result }: { result: RunResult }) => (
  <div class={`notice ${result.ok ? 'good' : 'bad'}`}>
    <p>
      <strong>
        <Raw text={result.title} />
      </strong>
    </p>
    {result.more.map((line) => (
      <p key={line}>
        <Raw text={line} />
      </p>
    ))}
  </div>
)

/** What a button asks for: `config/probe?…`, `config/prove?…`. */
interface Trial {
  word: string
  title: string
  path: string
}

export const probeOf = (url: string): Trial => ({
  word: 'Probe it',
  title: 'A real handshake with nginx where it listens on this machine, and with the backend',
  path: `config/probe?url=${encodeURIComponent(url)}`,
})

export const proofAt = (url: string): Trial => ({
  word: 'Prove it in a copy',
  title: 'Runs this configuration in a throw-away nginx with a stand-in for the backend; the real one is not touched',
  path: `config/prove?url=${encodeURIComponent(url)}`,
})

/** @param id of a problem that has a patch */
export const proofOf = (id: string): Trial => ({
  word: 'Prove the patch',
  title: 'Runs this configuration without and with the patch in a throw-away nginx; the real one is not touched',
  path: `config/prove?problem=${encodeURIComponent(id)}`,
})

export function TryIt({ runs }: { runs: readonly Trial[] }) {
  const run = useSignal<Run | null>(null)
  const abort = useRef<AbortController | null>(null)
  // Another address is another trial; leaving the page ends it.
  const key = runs.map(({ path }) => path).join(' ')
  useEffect(() => {
    run.value = null
    return () => abort.current?.abort()
  }, [key])
  const start = async (path: string) => {
    abort.current?.abort()
    const gone = new AbortController()
    abort.current = gone
    const change = (more: Partial<Run>) => {
      if (abort.current === gone && !gone.signal.aborted) run.value = { ...(run.peek() ?? NONE), ...more }
    }
    run.value = NONE
    const take = (line: RunLine) => {
      if ('started' in line) change({ started: line.started })
      else if ('step' in line) change({ steps: [...(run.peek()?.steps ?? []), line.step] })
      else if ('result' in line) change({ result: line.result })
    }
    try {
      await runLines(path, take, gone.signal)
      change({ open: false, ...(run.peek()?.result ? {} : { failed: 'It broke off.' }) })
    } catch (error) {
      const { message, hint } = asApiError(error)
      change({ open: false, failed: hint === null ? message : `${message} ${hint}` })
    }
  }
  const offered = runs.filter(({ path }) => can(`/${path.split('?')[0] ?? ''}`))
  if (offered.length === 0) return null
  const at = run.value
  return (
    <div class="try-it">
      <div class="toolbar">
        {offered.map(({ word, title, path }) => (
          <button
            type="button"
            class="button"
            key={path}
            title={title}
            disabled={at?.open === true}
            onClick={() => void start(path)}
          >
            {word}
          </button>
        ))}
        {at?.open === true && (
          <button
            type="button"
            class="button"
            onClick={() => {
              abort.current?.abort()
              run.value = { ...at, open: false, failed: 'Stopped.' }
            }}
          >
            Stop
          </button>
        )}
      </div>
      <div role="status">
        {at && (
          <>
            {at.started ? (
              <p class="muted">
                <Raw text={at.started.text} />
              </p>
            ) : (
              at.open && <p class="muted">Starting …</p>
            )}
            <ol class="run-steps">
              {at.steps.map((step, i) => (
                <Step step={step} key={i} />
              ))}
            </ol>
            {at.open && at.started && <p class="muted">Running …</p>}
            {at.failed !== null && <p class="said-bad">{at.failed}</p>}
            {at.result && <Result result={at.result} />}
          </>
        )}
      </div>
      {at?.started && !at.open && (
        <details>
          <summary>The same on the command line</summary>
          <Commands commands={[at.started.command]} />
        </details>
      )}
    </div>
  )
}
