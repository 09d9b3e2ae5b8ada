/** A finding of `analyze --output json`: what it takes to prove its fix. */
import { z } from 'zod'
import type { FindingPart } from './circumstances.ts'

const REPORT = z.object({
  schema: z.string().startsWith('halfopen.report/'),
  findings: z.array(
    z.object({
      id: z.string(),
      cause: z.string(),
      title: z.string(),
      scope: z.object({ server: z.string().nullable(), path: z.string().nullable() }),
      evidence: z.array(z.object({ text: z.string() })),
      fix: z.object({ patch: z.string().nullable() }),
    }),
  ),
})

export interface ReportedFinding extends FindingPart {
  id: string
  server: string | null
  patch: string | null
}

/** The findings of a report that have a patch, by their weight; empty when it is none. */
export function patchedFindings(text: string): { id: string; title: string }[] {
  const report = REPORT.safeParse(parsed(text))
  const patched = report.data?.findings.filter(({ fix }) => fix.patch !== null) ?? []
  return patched.map(({ id, title }) => ({ id, title }))
}

/** @param text the report. @param id of the finding; null: the first that has a patch, else the first.
 *  @returns why there is none, as a text. */
export function readFinding(text: string, id: string | null): ReportedFinding | string {
  const report = REPORT.safeParse(parsed(text))
  if (!report.success) return 'it is no report of "halfopen analyze --output json"'
  const { findings } = report.data
  const chosen =
    id === null
      ? (findings.find(({ fix }) => fix.patch !== null) ?? findings[0])
      : findings.find((one) => one.id === id)
  if (!chosen) return id === null ? 'it has no finding' : `it has no finding ${id}`
  const { cause, scope, evidence, fix } = chosen
  return {
    id: chosen.id,
    cause,
    server: scope.server,
    path: pathOf(
      scope.path,
      evidence.map(({ text: line }) => line),
    ),
    evidence: evidence.map((line) => line.text),
    patch: fix.patch,
  }
}

/** Reports group paths: any value stands for the group. A finding about a backend has no path: a request that met it does. */
function pathOf(path: string | null, evidence: readonly string[]): string | null {
  if (path !== null) return path.replaceAll(/(?<=\/):id(?=\/|$)/g, '1')
  for (const line of evidence) {
    const found = /"(?:GET|CONNECT) (\/[^\s"?#]*)\S* HTTP\/\d/.exec(line)?.[1]
    if (found !== undefined) return found
  }
  return null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
