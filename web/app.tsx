/** The frame of every page: name, navigation, how live it is, and the page itself. */
import { useEffect, useRef } from 'preact/hooks'
import { AlertsPage } from './pages/alerts.tsx'
import { AnalyzePage } from './pages/analyze.tsx'
import { ConfigPage } from './pages/config.tsx'
import { SettingsPage } from './pages/settings.tsx'
import { can } from './features.ts'
import { Help } from './parts/help.tsx'
import { ConnectionBanner, ConnectionSign } from './parts/connection.tsx'
import { Mark } from './parts/icons.tsx'
import { LivePage } from './pages/live.tsx'
import { ProblemPage } from './pages/problem.tsx'
import { ProblemsPage } from './pages/problems.tsx'
import { SourcesPage } from './pages/sources.tsx'
import { TrendsPage } from './pages/trends.tsx'
import { DEFAULT_RANGE, hrefTo, type Route } from './routing.ts'
import { happeningNow, route, server } from './state.ts'
import { visible } from './text/visible.ts'
import { zoneName } from './text/time.ts'

const TABS: { title: string; route: Route; pages: Route['page'][]; needs?: string }[] = [
  { title: 'Problems', route: { page: 'problems' }, pages: ['problems', 'problem'] },
  { title: 'Trends', route: { page: 'trends', range: DEFAULT_RANGE, to: null }, pages: ['trends'] },
  { title: 'Live', route: { page: 'live' }, pages: ['live'] },
  { title: 'Sources', route: { page: 'sources' }, pages: ['sources'] },
  { title: 'Config', route: { page: 'config' }, pages: ['config'] },
  { title: 'Analyze', route: { page: 'analyze' }, pages: ['analyze'] },
  { title: 'Alerts', route: { page: 'alerts' }, pages: ['alerts'], needs: '/alerts' },
  { title: 'Settings', route: { page: 'settings' }, pages: ['settings'] },
]

function Page({ at }: { at: Route }) {
  switch (at.page) {
    case 'problems':
      return <ProblemsPage asked={at.asked ?? {}} />
    case 'problem':
      return <ProblemPage id={at.id} key={at.id} />
    case 'trends':
      return <TrendsPage range={at.range} to={at.to} asked={at.asked ?? {}} />
    case 'live':
      return <LivePage asked={at.asked ?? {}} />
    case 'sources':
      return <SourcesPage />
    case 'config':
      return <ConfigPage asked={at.asked ?? {}} />
    case 'analyze':
      return <AnalyzePage />
    case 'alerts':
      return <AlertsPage />
    case 'settings':
      return <SettingsPage />
    case 'unknown':
      return (
        <>
          <h1>There is no such page</h1>
          <p>
            The address ends in <code>{visible(at.hash)}</code>. <a href="#/">Go to the problems.</a>
          </p>
        </>
      )
  }
}

const Navigation = ({ at }: { at: Route }) => (
  <nav class="tabs" aria-label="Pages">
    {TABS.filter(({ needs }) => needs === undefined || can(needs)).map(({ title, route: to, pages }) => (
      <a href={hrefTo(to)} key={title} aria-current={pages.includes(at.page) ? 'page' : undefined}>
        {title}
        {title === 'Problems' && happeningNow.value > 0 && (
          <span class="tab-count">
            {happeningNow.value}
            <span class="offscreen"> happening now</span>
          </span>
        )}
      </a>
    ))}
  </nav>
)

export function App() {
  const at = route.value
  const main = useRef<HTMLElement>(null)
  const shown = at.page === 'problem' ? at.id : at.page
  const first = useRef(true)

  useEffect(() => {
    const tab = TABS.find(({ pages }) => pages.includes(at.page))?.title ?? 'Not found'
    // Where the tabs do not all fit.
    document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    document.title = `${happeningNow.value > 0 ? `(${happeningNow.value}) ` : ''}${tab} · halfopen`
  }, [at.page, happeningNow.value])

  // A new page starts at its top, also for those who read by keyboard or ear.
  useEffect(() => {
    if (!first.current) {
      window.scrollTo(0, 0)
      main.current?.focus({ preventScroll: true })
    }
    first.current = false
  }, [shown])

  const skip = (event: Event) => {
    event.preventDefault()
    main.current?.focus()
  }
  return (
    <>
      <header class="top">
        <a class="skip" href="#main" onClick={skip}>
          Skip to content
        </a>
        <div class="top-inner">
          <a class="brand" href="#/">
            <Mark />
            halfopen
          </a>
          <Navigation at={at} />
          <ConnectionSign />
        </div>
      </header>
      <main ref={main} id="main" tabIndex={-1}>
        <ConnectionBanner />
        <Page at={at} />
      </main>
      <Help />
      <footer class="foot">
        {zoneName() === 'UTC' ? 'Times are in UTC.' : `Times are in ${zoneName()}; point at one to see it in UTC.`}
        {server.value && <span> halfopen {server.value.version}</span>}
      </footer>
    </>
  )
}
