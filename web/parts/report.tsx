/** A report as `analyze` makes it: what was read, what was found, what these logs cannot show. */
import type { Finding, Report } from '../../server/http/wire.ts'
import { visible } from '../text/visible.ts'
import { count, place, plural, share } from '../text/words.ts'
import { Confidence, SeverityBadge } from './badges.tsx'
import { BlindSpots } from './blind-spots.tsx'
import { Evidence, OtherCauses, Remedy } from './finding.tsx'
import { MoodIcon } from './icons.tsx'
import { Notice } from './notice.tsx'
import { Raw, RawLines } from './raw.tsx'
import { When } from './when.tsx'

function FindingCard({ finding, open }: { finding: Finding; open: boolean }) {
  const where = place(finding.scope)
  return (
    <li>
      <details class={`panel report-finding ${finding.severity}`} open={open}>
        <summary>
          <h3>{visible(finding.title)}</h3>
          <span class="problem-facts">
            <SeverityBadge finding={finding} />
            <Confidence value={finding.confidence} />
            <span>{plural(finding.count, 'time')}</span>
            {where !== null && (
              <code class="place">
                <Raw text={where} />
              </code>
            )}
          </span>
        </summary>
        <div class="detail-columns">
          <div>
            <Evidence finding={finding} />
            <OtherCauses finding={finding} />
          </div>
          <Remedy finding={finding} />
        </div>
      </details>
    </li>
  )
}

const Inputs = ({ report }: { report: Report }) => (
  <section class="panel">
    <h2>What was read</h2>
    <ul class="watched">
      {report.inputs.map((input) => (
        <li key={input.path}>
          <code>
            <Raw text={input.path} />
          </code>
          <span class={input.parsed === 0 && input.lines > 0 ? 'watched-silent' : 'muted'}>
            {input.format === null ? 'format not recognised' : visible(input.format)}, {count(input.parsed)} of{' '}
            {plural(input.lines, 'line')} understood
            {input.from !== null && input.to !== null && (
              <>
                , <When iso={input.from} /> to <When iso={input.to} />
              </>
            )}
          </span>
          {input.unparsed > 0 && (
            <details class="unparsed">
              <summary>
                {plural(input.unparsed, 'line')} not understood ({share(input.unparsed, input.lines)})
              </summary>
              <ol class="evidence">
                {input.unparsed_samples.map((sample) => (
                  <li key={sample.line}>
                    <span class="evidence-place">line {sample.line}</span>
                    <code class="evidence-text">
                      <RawLines text={sample.text} />
                    </code>
                  </li>
                ))}
              </ol>
            </details>
          )}
        </li>
      ))}
    </ul>
  </section>
)

/** The first words: what was found in what. */
function headline({ findings, inputs, totals }: Report): { mood: 'broken' | 'calm' | 'blind'; text: string } {
  if (inputs.every(({ parsed }) => parsed === 0)) return { mood: 'blind', text: 'No line could be understood' }
  if (findings.length > 0)
    return { mood: 'broken', text: `${plural(findings.length, 'finding')}, the first is the answer` }
  return totals.handshakes > 0
    ? { mood: 'calm', text: `No problem in ${plural(totals.handshakes, 'handshake')}` }
    : { mood: 'blind', text: 'Nothing here is about WebSockets' }
}

export function ReportView({ report }: { report: Report }) {
  const { mood, text } = headline(report)
  const { totals } = report
  return (
    <section class="report" aria-label="Report">
      <div class="status" role="status">
        <MoodIcon mood={mood} />
        <div>
          <h2 class="report-headline">{text}</h2>
          <p class="status-detail">
            {plural(totals.requests, 'request')}, {plural(totals.handshakes, 'handshake')}
            {totals.failed_handshakes > 0 && `, ${count(totals.failed_handshakes)} of them failed`}
            {report.window.from !== null && report.window.to !== null && (
              <>
                {' '}
                from <When iso={report.window.from} /> to <When iso={report.window.to} />
              </>
            )}
            .
          </p>
        </div>
      </div>
      {(report.not_read ?? []).length > 0 && (
        <Notice tone="warning">
          {(report.not_read ?? []).map(({ path, reason }) => (
            <p key={path}>
              <Raw text={`${path}: ${reason}`} />
            </p>
          ))}
        </Notice>
      )}
      <ol class="report-findings">
        {report.findings.map((finding, i) => (
          <FindingCard finding={finding} open={i === 0} key={finding.id} />
        ))}
      </ol>
      <Inputs report={report} />
      {report.blind_spots.length > 0 && (
        <details class="panel" open={report.findings.length === 0}>
          <summary>
            <h2>What these logs cannot show ({report.blind_spots.length})</h2>
          </summary>
          <BlindSpots spots={report.blind_spots} />
        </details>
      )}
    </section>
  )
}
