/** The long form of resolver.test.ts: `node --import tsx test/nginx-config/generated/run.ts [--configs 400] [--seed 1]
 *  [--corners]`.
 *  Code 1 when the resolver and nginx differ. */
import { parseArgs } from 'node:util'
import { compare } from './compare.ts'
import { generateCorners } from './corners.ts'
import { generate } from './generate.ts'

const { values } = parseArgs({
  options: {
    configs: { type: 'string' },
    seed: { type: 'string' },
    show: { type: 'string' },
    corners: { type: 'boolean' },
  },
})
const seed = Number(values.seed ?? 1)
const count = Number(values.configs ?? 400)
const { requests, proxied, undecided, differences, text } = await compare(
  seed,
  count,
  values.corners === true ? generateCorners : generate,
)
console.log(`seed ${seed}: ${count} configurations, ${requests} requests, ${proxied} passed on, ${undecided} undecided`)
console.log(`${requests - differences.length} of ${requests} as predicted`)
for (const { config, asked, predicted, happened } of differences.slice(0, Number(values.show ?? 10)))
  console.log(`\nc${config} ${JSON.stringify(asked)}\n  predicted ${predicted}\n  happened  ${happened}`)
if (differences.length > 0 && values.show !== undefined)
  for (const id of new Set(differences.slice(0, Number(values.show)).map(({ config }) => config)))
    console.log(blocksOf(text, id))
process.exitCode = differences.length > 0 ? 1 : 0

/** The top blocks that name the configuration. */
function blocksOf(all: string, id: number): string {
  return all
    .split(/\n(?=map|upstream|server )/)
    .filter((block) => new RegExp(`\\bc${id}\\b|\\bm${id}_|\\bup${id}\\b|\\bk${id}[ms]|\\bkc${id}\\b`).test(block))
    .join('\n')
}
