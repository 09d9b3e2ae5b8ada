/** The nginx configuration as halfopen reads it: which block serves an address, and what the problems say about its files. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ConfigLint, ConfigState, ServedBy, ServingBlock } from '../../server/http/wire.ts'
import { get, type ApiError } from '../api.ts'
import { useAnswer } from '../data/use-series.ts'
import { can } from '../features.ts'
import { SeverityBadge } from '../parts/badges.tsx'
import { Commands } from '../parts/code.tsx'
import { Lint } from '../parts/lint.tsx'
import { Failure, Loading, Notice } from '../parts/notice.tsx'
import { Raw } from '../parts/raw.tsx'
import { probeOf, proofAt, proofOf, TryIt } from '../parts/try-it.tsx'
import { When } from '../parts/when.tsx'
import { hrefTo, type Asked } from '../routing.ts'
import { asApiError, problems, pulse, replaceRoute, type Loaded } from '../state.ts'
import { visible } from '../text/visible.ts'
import { plural } from '../text/words.ts'

/** `note`: neither good nor bad for a WebSocket. */
type Mark = 'ok' | 'no' | 'note'

/** What a WebSocket needs of a block, as sentences. */
function verdict(block: ServingBlock): { mark: Mark; text: string }[] {
  const header = (name: string) => block.set_headers.find((one) => one.name === name)?.value
  const upgrade = header('upgrade')
  const connection = header('connection')
  const { proxy_http_version: version, proxy_read_timeout: timeout } = block
  return [
    block.proxy_pass === null
      ? { mark: 'no', text: 'It passes nothing on: there is no proxy_pass.' }
      : { mark: 'ok', text: `It passes requests on to ${block.proxy_pass}.` },
    upgrade === undefined
      ? { mark: 'no', text: 'It does not pass the Upgrade header on.' }
      : { mark: 'ok', text: `Upgrade is passed on as ${upgrade}.` },
    connection === undefined
      ? { mark: 'no', text: 'It does not pass the Connection header on.' }
      : { mark: 'ok', text: `Connection is passed on as ${connection}.` },
    version === null
      ? { mark: 'note', text: 'The HTTP version is nginx’s default: 1.1 from nginx 1.29.7 on, 1.0 before.' }
      : version === '1.0'
        ? { mark: 'no', text: 'It speaks HTTP/1.0, which knows no upgrade.' }
        : { mark: 'ok', text: `It speaks HTTP/${version}.` },
    {
      mark: 'note',
      text: `A silent session is cut after ${timeout ?? 60} s${timeout === null ? ', nginx’s default' : ''}.`,
    },
  ]
}

const Block = ({ block }: { block: ServingBlock }) => (
  <>
    <p>
      <code>
        <Raw text={block.context} />
      </code>{' '}
      in{' '}
      <code>
        <Raw text={`${block.file}:${block.line}`} />
      </code>
    </p>
    <ul class="verdict">
      {verdict(block).map(({ mark, text }) => (
        <li key={text} class={mark}>
          <span class="label">{mark}</span> <Raw text={text} />
        </li>
      ))}
    </ul>
    <ol class="excerpt" tabIndex={0} aria-label="The block in the file">
      {block.text.map(({ line, text }) => (
        <li key={line}>
          <span class="excerpt-line">{line}</span>
          <code>{visible(text.replaceAll('\t', '    '))}</code>
        </li>
      ))}
    </ol>
  </>
)

function WhichBlock({ url }: { url: string }) {
  const asked = useSignal(url)
  const answer = useSignal<ServedBy | null>(null)
  const error = useSignal<ApiError | null>(null)
  useEffect(() => {
    asked.value = url
    answer.value = null
    error.value = null
    if (url === '') return undefined
    const gone = new AbortController()
    get<ServedBy>(`config/serves?url=${encodeURIComponent(url)}`, gone.signal).then(
      (data) => (answer.value = data),
      (reason: unknown) => {
        if (!gone.signal.aborted) error.value = asApiError(reason)
      },
    )
    return () => gone.abort()
  }, [url])
  return (
    <section class="panel">
      <h2>Which block serves it?</h2>
      <form
        class="toolbar"
        onSubmit={(event) => {
          event.preventDefault()
          const text = asked.value.trim()
          const whole = text === '' || /^[a-z]+:\/\//i.test(text) ? text : `wss://${text}`
          replaceRoute({ page: 'config', asked: { url: whole } })
        }}
      >
        <label class="filter">
          <span class="offscreen">Address of the WebSocket</span>
          <input
            type="search"
            placeholder="wss://host/path"
            value={asked.value}
            onInput={(event) => (asked.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button">
          Look
        </button>
      </form>
      {error.value && <Failure error={error.value} what="That" />}
      <div role="status">
        {answer.value &&
          (answer.value.block ? (
            <Block block={answer.value.block} />
          ) : (
            <p>
              No block of this configuration serves <code>{visible(answer.value.server + answer.value.path)}</code>, or
              nginx’s choice cannot be told for certain.
            </p>
          ))}
      </div>
      {answer.value?.block && <TryIt runs={[probeOf(url), proofAt(url)]} />}
    </section>
  )
}

/** Problems whose change belongs into a file of the configuration. */
function Findings({ files }: { files: ConfigState['files'] }) {
  const known = new Set(files.map(({ path }) => path))
  const list = (problems.value.data?.problems ?? []).filter(
    ({ finding, state }) => state !== 'resolved' && finding.fix.target !== null && known.has(finding.fix.target.file),
  )
  if (list.length === 0) return null
  return (
    <section class="panel">
      <h2>What the logs say about it</h2>
      <ul class="watched">
        {list.map(({ id, finding }) => (
          <li key={id}>
            <SeverityBadge finding={finding} />
            <a href={hrefTo({ page: 'problem', id })}>{visible(finding.title)}</a>
            <code>
              <Raw text={`${finding.fix.target?.file ?? ''}:${finding.fix.target?.line ?? ''}`} />
            </code>
            {finding.fix.patch !== null && <TryIt runs={[proofOf(id)]} />}
          </li>
        ))}
      </ul>
    </section>
  )
}

export function ConfigPage({ asked }: { asked: Asked }) {
  const loaded = useSignal<Loaded<ConfigState>>({ data: null, error: null })
  const tick = pulse.value
  useEffect(() => {
    const gone = new AbortController()
    get<ConfigState>('config', gone.signal).then(
      (data) => (loaded.value = { data, error: null }),
      (error: unknown) => {
        if (!gone.signal.aborted) loaded.value = { data: loaded.value.data, error: asApiError(error) }
      },
    )
    return () => gone.abort()
  }, [tick])
  const { data, error } = loaded.value
  // Another state of the files is another answer.
  const lint = useAnswer<ConfigLint>(
    data?.path != null && can('/config/lint') ? 'config/lint' : null,
    data?.changed_at ?? '',
  )
  return (
    <>
      <h1>nginx configuration</h1>
      {error && error.code !== 'unreachable' && <Failure error={error} what="The configuration" />}
      {!data && !error && <Loading what="the configuration" />}
      {data?.path === null && (
        <section class="panel">
          <h2>halfopen does not know your nginx configuration</h2>
          <p>With it, advice becomes a patch of your own file, and this page says which block serves an address.</p>
          <Commands
            commands={[
              'npm start -- --config /etc/nginx/nginx.conf',
              '# or in halfopen.yaml, as nginx_config; a folder and the output of "nginx -T" will do, too',
            ]}
          />
          <p class="muted">
            To try it once: <a href={hrefTo({ page: 'analyze' })}>Analyze here</a> takes a configuration beside the
            logs.
          </p>
        </section>
      )}
      {data && data.path !== null && (
        <>
          <p class="lead">
            <code>
              <Raw text={data.path} />
            </code>
            {data.changed_at !== null && (
              <>
                , changed <When iso={data.changed_at} />
              </>
            )}
          </p>
          {(data.notice !== null || data.problems.length > 0) && (
            <Notice tone="warning">
              {data.notice !== null && (
                <p>
                  <Raw text={data.notice} />
                </p>
              )}
              {data.problems.slice(0, 20).map((problem, i) => (
                <p key={i}>
                  <code>
                    <Raw text={problem.line > 0 ? `${problem.file}:${problem.line}` : problem.file} />
                  </code>{' '}
                  <Raw text={problem.message} />
                </p>
              ))}
            </Notice>
          )}
          <WhichBlock url={asked['url'] ?? ''} />
          <Findings files={data.files} />
          {lint && <Lint lint={lint} />}
          <section class="panel">
            <h2>{plural(data.files.length, 'file')}</h2>
            <ul class="watched">
              {data.files.map(({ path, lines }) => (
                <li key={path}>
                  <code>
                    <Raw text={path} />
                  </code>
                  <span class="muted">{plural(lines, 'line')}</span>
                </li>
              ))}
            </ul>
          </section>
        </>
      )}
    </>
  )
}
