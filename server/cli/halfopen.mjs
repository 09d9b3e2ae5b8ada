#!/usr/bin/env node
// The committed entry point: runs the build, or says what makes one.
import { existsSync } from 'node:fs'

const built = new URL('../../dist/server/cli/main.js', import.meta.url)
if (!existsSync(built)) {
  process.stderr.write('halfopen: not built yet; run "npm start" or "npm test" once in the checkout\n')
  process.exit(2)
}
const { main } = await import(built.href)
process.exitCode = await main(process.argv.slice(2))
