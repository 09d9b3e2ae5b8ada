/** Prometheus text format, version 0.0.4. Label values come from configuration and our own lists, never from log lines:
 *  an attacker must not be able to make series.
 *  Source: https://prometheus.io/docs/instrumenting/exposition_formats/ */

export interface Metric {
  /** `halfopen_…`; counters end in `_total`. */
  name: string
  type: 'counter' | 'gauge'
  help: string
  samples: { labels: Readonly<Record<string, string>>; value: number }[]
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function exposition(metrics: readonly Metric[]): string {
  return metrics.map(family).join('')
}

function family({ name, type, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`)
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
