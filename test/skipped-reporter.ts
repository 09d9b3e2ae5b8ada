/** Names every skipped test before the summary: a run that skipped something must say so. */
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = new Set<string>()
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId)
      for (const test of module.children.allTests('skipped')) skipped.add(`${file}: ${nameOf(test)}`)
    }
    if (skipped.size === 0) return
    process.stdout.write(
      `\nSkipped (not run, so not known to work):\n${[...skipped].map((name) => `  ${name}\n`).join('')}`,
    )
  }
}

/** The outermost skipped suite when there is one, since its name carries the reason; else the test, with its note. */
function nameOf(test: TestCase): string {
  let name = test.fullName
  for (let parent = test.parent; parent.type === 'suite'; parent = parent.parent) {
    if (parent.state() === 'skipped') name = parent.fullName
  }
  const result = test.result()
  return result.state === 'skipped' && result.note ? `${name} (${result.note})` : name
}
