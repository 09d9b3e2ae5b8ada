import type { Sources } from '../../server/http/wire.ts'
import { hrefTo } from '../routing.ts'
import { Notice } from './notice.tsx'
import { Raw } from './raw.tsx'
import { Commands } from './code.tsx'

interface Props {
  searched: Sources['searched']
  /** What was found and cannot be used. */
  notices: Sources['notices']
  /** Logs are read, and nothing stands in them. */
  empty: boolean
}

/** Nothing is being read, or nothing that says anything: where was looked, and what to do now. */
export const FirstSteps = ({ searched, notices, empty }: Props) => (
  <div class="first-steps">
    {notices.length > 0 && (
      <Notice tone="warning">
        {notices.map((notice) => (
          <p key={notice}>
            <Raw text={notice} />
          </p>
        ))}
      </Notice>
    )}
    <section>
      <h2>{empty ? 'If your logs are elsewhere' : 'Point it at your logs'}</h2>
      <Commands commands={['npm start -- /var/log/nginx', 'npm start -- access.log error.log portainer.log']} />
      <h2>Or look around first</h2>
      <p>Generated traffic with real faults, nothing of yours is touched.</p>
      <Commands commands={['npm start -- --demo']} />
      <h2>Or hand some in</h2>
      <p>
        <a href={hrefTo({ page: 'analyze' })}>Analyze here</a> reads logs that you drop or paste once, and keeps
        nothing.
      </p>
      <h2>Logs inside a container</h2>
      <p>Images that link their logs to the container’s output leave no file to read. Follow it, or look once:</p>
      <Commands
        commands={['npm start -- docker:NAME', 'docker logs NAME 2>&1 | npx --no-install halfopen analyze -']}
      />
    </section>
    {searched.length > 0 && (
      <section>
        <h2>Where halfopen looked</h2>
        <dl class="searched">
          {searched.map(({ path, found }) => (
            <div key={path}>
              <dt>
                <code>
                  <Raw text={path} />
                </code>
              </dt>
              <dd>
                <Raw text={found} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
    )}
  </div>
)
