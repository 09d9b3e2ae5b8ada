/** `npm run test:nodes`: a clean clone of this checkout on every supported Node.js, as its first user would start it.
 *  Node.js comes from the npm packages node-PLATFORM-ARCH. Takes minutes; `npm run test:nodes -- 20 26` runs some.
 *  Only what is committed is cloned. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** `npm`: the npm to use, null for the one that runs this. npm 12 blocks install scripts and needs Node.js 22.22. */
const SCENARIOS = [
  { name: '20', node: '~20.19.0', npm: null },
  { name: '22.13', node: '~22.13.0', npm: null, refused: true },
  { name: '22.14', node: '22.14.0', npm: null },
  { name: '22', node: '^22.14.0', npm: null },
  { name: '24', node: '^24.0.0', npm: null },
  { name: '26', node: '^26.0.0', npm: '^12.0.0' },
]
const INSTALL_MS = 600_000
const ANSWER_MS = 60_000

const ERROR_LOG = `${[1, 2, 3, 4, 5]
  .map(
    (n) =>
      `2026/11/20 10:00:0${n} [error] 7#7: *${n} connect() failed (111: Connection refused) while connecting to upstream, ` +
      'client: 192.0.2.1, server: sweet.example, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "sweet.example"',
  )
  .join('\n')}\n`

const wanted = process.argv.slice(2)
const temporary = mkdtempSync(join(tmpdir(), 'halfopen-nodes-'))
const rows = []
try {
  for (const scenario of SCENARIOS) {
    if (wanted.length > 0 && !wanted.includes(scenario.name)) continue
    rows.push(await attempt(scenario))
  }
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
console.table(rows)
if (rows.length === 0)
  console.error(`no such Node.js: ${wanted.join(' ')}; known: ${SCENARIOS.map((s) => s.name).join(' ')}`)
process.exitCode = rows.length > 0 && rows.every((row) => row.result === 'ok') ? 0 : 1

/** One row of the table. A failed step ends the attempt and is named in `result`. */
async function attempt(scenario) {
  const row = {
    wanted: scenario.node,
    node: '',
    npm: '',
    install_s: '',
    driver: '',
    analyze: '',
    healthz: '',
    stop: '',
    result: '',
  }
  console.error(`\n== Node.js ${scenario.node}`)
  try {
    const folder = join(temporary, scenario.name)
    mkdirSync(folder)
    const env = environment(scenario, folder)
    const npm = (...args) => spawnSync('npm', args, { cwd: checkout, env, encoding: 'utf8', timeout: INSTALL_MS })
    const checkout = join(folder, 'checkout')
    execFileSync('git', ['clone', '--quiet', ROOT, checkout])
    row.node = text('node', ['--version'], env)
    row.npm = text('npm', ['--version'], env)

    const started = Date.now()
    const built = npm('run', 'build')
    row.install_s = Math.round((Date.now() - started) / 1000)
    if (scenario.refused) {
      expect(built.status === 2 && /is not supported/.test(built.stderr), `expected a refusal: ${built.stderr}`)
      return { ...row, result: 'ok', driver: 'refused' }
    }
    expect(built.status === 0, `npm run build: ${built.stdout}${built.stderr}`)
    row.driver = /SQLite driver/.test(built.stderr) ? 'compiled or fetched' : 'in the package'

    writeFileSync(join(folder, 'error.log'), ERROR_LOG)
    const input = join(folder, 'error.log')
    const analyzed = npm('exec', '--no', '--', 'halfopen', 'analyze', '--output', 'json', '--timezone', 'UTC', input)
    expect(analyzed.status === 0, `analyze: ${analyzed.stderr}`)
    row.analyze = JSON.parse(analyzed.stdout).findings[0]?.cause ?? 'nothing'
    expect(row.analyze === 'backend-down', `analyze found ${row.analyze}`)

    Object.assign(row, await served(checkout, env, input, join(folder, 'halfopen.sqlite')))
    return { ...row, result: 'ok' }
  } catch (error) {
    console.error(error)
    return { ...row, result: String(error.message).split('\n')[0].slice(0, 60) }
  }
}

/** Starts the dashboard with `npm start`, asks whether it is healthy, and stops npm: the server must end with it. */
async function served(checkout, env, input, database) {
  const port = await freePort()
  const args = ['start', '--', '--listen', `127.0.0.1:${port}`, input]
  const server = spawn('npm', args, {
    cwd: checkout,
    env: { ...env, HALFOPEN_DATABASE: `sqlite:${database}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => (output += data))
  const ended = once(server, 'close')
  try {
    const healthz = await answerOf(`http://127.0.0.1:${port}/healthz`, server, () => output)
    expect(readFileSync(database).subarray(0, 15).toString() === 'SQLite format 3', 'no SQLite file')
    server.kill('SIGTERM')
    await Promise.race([ended, deadline(ANSWER_MS, 'npm start did not end after SIGTERM')])
    const left = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    )
    expect(!left, 'the server lives on after npm start was stopped')
    return { healthz, stop: 'ok' }
  } finally {
    if (server.exitCode === null) server.kill('SIGKILL')
  }
}

/** Asks until the server answers. It listens some time after its process started; there is no event to wait for
 *  that would not be the output whose wording this test should not depend on. */
async function answerOf(url, server, output) {
  const end = Date.now() + ANSWER_MS
  while (Date.now() < end) {
    expect(server.exitCode === null, `npm start ended: ${output()}`)
    const response = await fetch(url).catch(() => null)
    if (response) {
      expect(response.ok, `${url} answered ${response.status}`)
      return response.status
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${url} did not answer: ${output()}`)
}

/** The scenario's Node.js and npm in front of PATH, and nothing of the npm that runs this. */
function environment({ node, npm }, folder) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$/i.test(name)))
  const nodeFolder = unpack(`node-${process.platform}-${process.arch}@${node}`, folder)
  const env = { ...clean, PATH: [join(nodeFolder, 'bin'), clean.PATH].join(delimiter) }
  if (npm === null) return env
  execFileSync(
    'npm',
    ['install', '--silent', '--no-audit', '--no-fund', '--prefix', join(folder, 'npm'), `npm@${npm}`],
    { env },
  )
  return { ...env, PATH: [join(folder, 'npm/node_modules/.bin'), env.PATH].join(delimiter) }
}

/** Downloads a package and answers the folder it was unpacked to. */
function unpack(spec, folder) {
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, spec], { encoding: 'utf8' })
  execFileSync('tar', ['-xzf', join(folder, packed.trim().split('\n').at(-1)), '-C', folder])
  return join(folder, 'package')
}

function text(command, args, env) {
  return execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}

function deadline(ms, message) {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(message)), ms).unref())
}

function expect(condition, message) {
  if (!condition) throw new Error(message)
}
