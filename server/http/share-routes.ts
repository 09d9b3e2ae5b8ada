/** Findings as a document for strangers. They come from the page, not from the store: a report on an upload is nowhere else. */
import { z } from 'zod'
import { maskText } from '../../parsers/masking.ts'
import { asHtml, asMarkdown, REDACTED, redactFindings, type Told } from '../share/contract.ts'
import { readJson } from './body.ts'
import { Download } from './download.ts'
import { readQuery, shareQuery } from './query.ts'
import type { Route } from './routes.ts'

/** Redacting the worst that has such a size takes one to four seconds, what the page sends some milliseconds. */
const MOST_BYTES = 2_000_000
const MOST_FINDINGS = 100

const texts = z.array(z.string()).max(1000)
const time = z
  .string()
  .regex(/^[\dT:.Z+-]{1,40}$/)
  .nullable()
const share = z.number().min(0).max(1)
const name = z.string().regex(/^[\w-]{1,64}$/)

/** What the documents tell; other members of a finding are left out. */
const told: z.ZodType<Told> = z.object({
  title: z.string(),
  cause: name,
  severity: z.enum(['critical', 'error', 'warning', 'info']),
  confidence: share,
  because: texts,
  against: texts,
  count: z.number().int().min(0),
  first_seen: time,
  last_seen: time,
  scope: z.object({ server: z.string().nullable(), path: z.string().nullable(), upstream: z.string().nullable() }),
  evidence: z
    .array(z.object({ source: z.string(), line: z.number().int().min(0).nullable(), text: z.string() }))
    .max(100),
  alternatives: z.array(z.object({ cause: name, confidence: share, check: z.string() })).max(100),
  fix: z.object({
    summary: z.string(),
    directives: z.array(z.object({ context: z.string(), text: z.string() })).max(1000),
    snippet: z.string().nullable(),
    patch: z.string().nullable(),
    verify: texts,
  }),
})
const shareBody = z.strictObject({ findings: z.array(told).min(1).max(MOST_FINDINGS) })

export const shareRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/share',
    summary:
      'Findings as they are handed on, as Markdown or one HTML file: addresses, host names, users and query values are ' +
      'replaced by words. Nothing of it is stored.',
    query: shareQuery,
    body: shareBody,
    answer: 'The document of a ShareBody',
    types: ['text/markdown', 'text/html'],
    errors: ['bad-query', 'bad-body', 'cross-site'],
    async handle({ query, request }) {
      const { form } = readQuery(shareQuery, query)
      const { findings } = await readJson(request, shareBody, MOST_BYTES)
      const redacted = redactFindings(findings, maskText)
      return form === 'html'
        ? new Download('halfopen-report.html', 'text/html', asHtml(redacted, REDACTED))
        : new Download('halfopen-report.md', 'text/markdown', asMarkdown(redacted))
    },
  },
]
