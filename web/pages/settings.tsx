/** What can be chosen here, and where everything else is set. */
import { can } from '../features.ts'
import { Commands } from '../parts/code.tsx'
import { When } from '../parts/when.tsx'
import { KeyList } from '../parts/key-list.tsx'
import { hrefTo } from '../routing.ts'
import { server, sources } from '../state.ts'
import { setTheme, theme, type Theme } from '../theme.ts'
import { zoneName } from '../text/time.ts'
import { plural } from '../text/words.ts'

const THEMES: readonly [Theme, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

const below = (path: string): string => new URL(path, document.baseURI).href

export function SettingsPage() {
  const watched = sources.value.data?.sources ?? []
  return (
    <>
      <h1>Settings</h1>
      <p class="lead">
        What halfopen reads, keeps and sends is set in <code>halfopen.yaml</code>, so that it can be kept with the rest
        of your configuration. Here is what only this browser needs to know.
      </p>
      <section class="panel settings">
        <h2>This browser</h2>
        <fieldset>
          <legend>Colours</legend>
          {THEMES.map(([id, word]) => (
            <label key={id}>
              <input type="radio" name="theme" checked={theme.value === id} onChange={() => setTheme(id)} /> {word}
            </label>
          ))}
        </fieldset>
        <p>
          <span class="label">Times</span> in {zoneName()}, the zone of this browser; point at one to see it in UTC.
        </p>
        <h3>Keys</h3>
        <KeyList />
      </section>
      <section class="panel">
        <h2>This server</h2>
        <dl class="facts">
          <div>
            <dt>halfopen</dt>
            <dd>{server.value?.version ?? 'unknown'}</dd>
          </div>
          <div>
            <dt>Running since</dt>
            <dd>
              <When iso={server.value?.started_at ?? null} none="unknown" />
            </dd>
          </div>
          <div>
            <dt>Reading</dt>
            <dd>
              <a href={hrefTo({ page: 'sources' })}>{plural(watched.length, 'source')}</a>
            </dd>
          </div>
          {can('/alerts') && (
            <div>
              <dt>Messages</dt>
              <dd>
                <a href={hrefTo({ page: 'alerts' })}>Alerts</a>
              </dd>
            </div>
          )}
        </dl>
        <h3>For other programs</h3>
        <ul class="links">
          <li>
            <a href={below('api/openapi.json')}>The API</a>, described as OpenAPI
          </li>
          <li>
            <a href={below('metrics')}>Metrics</a> for Prometheus
          </li>
          <li>
            <a href={below('api/v1/report')}>The report</a> on everything that is stored, as JSON
          </li>
        </ul>
        <h3>The database</h3>
        <Commands
          commands={[
            'npx --no-install halfopen db check',
            'npx --no-install halfopen db backup halfopen-backup.sqlite',
          ]}
        />
      </section>
    </>
  )
}
