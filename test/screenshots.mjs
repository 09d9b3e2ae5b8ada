/** `npm run screenshots`: every page, 1440 and 390 wide, light and dark, into web/screenshots/: of the demo, and where that has
 *  nothing to show (a configuration, receivers, what was decided by hand) of a small site. WebP: a quarter of the size of PNG,
 *  and they are looked at, not compared. */
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { findProgram } from '../server/setup/programs.mjs'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const INTO = new URL('../web/screenshots/', import.meta.url)
const QUALITY = 60

const executablePath = findProgram('chromium')
if (executablePath === null) throw new Error('no chromium; on Debian: apt-get install chromium')

const root = process.getuid?.() === 0
const browser = await chromium.launch({ executablePath, args: root ? ['--no-sandbox'] : [] })
mkdirSync(INTO, { recursive: true })
try {
  await ofDemo()
  await ofSite()
} finally {
  await browser.close()
}

async function ofDemo() {
  const { base, stop } = await serve(['--demo'])
  try {
    const worst = await until(() => problemOf(base, 'missing-upgrade-headers'))
    await shoot(base, await foldersOf(base), [
      ['problems', '#/', '.problem'],
      ['problem', `#/problems/${worst.id}`, '.change'],
      ['trends', '#/trends?range=6h', '.chart canvas'],
      ['live', '#/live', '.event'],
      ['sources', '#/sources', '.source'],
      ['analyze', '#/analyze', 'textarea'],
      ['settings', '#/settings', 'fieldset'],
    ])
  } finally {
    await stop()
  }
}

/** A site whose second location lacks the headers, with a receiver that once said no. */
async function ofSite() {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-screenshots-'))
  let answer = 400
  const receiver = createHttpServer((request, response) => {
    request.resume()
    request.on('end', () => response.writeHead(answer).end())
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const files = writeSite(folder, receiver.address().port)
  const { base, stop } = await serve(['--config-file', files.settings, files.access])
  const post = (path, body) =>
    fetch(`${base}/api/v1/${path}`, {
      method: 'POST',
      headers: { origin: base, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  try {
    appendFileSync(files.access, line(426).repeat(7))
    const { id } = await until(() => problemOf(base, 'missing-upgrade-headers'))
    await until(async () => (await (await fetch(`${base}/api/v1/alerts`)).json()).dead > 0)
    answer = 204
    await post(`problems/${id}/resolve`)
    await post(`problems/${id}/notes`, { text: 'Lena looks after it: the include went missing with the last update.' })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    appendFileSync(files.access, line(426).repeat(3))
    await until(async () => (await problemOf(base, 'missing-upgrade-headers'))?.state === 'regressed')
    await post(`problems/${id}/mute?seconds=86400`)
    await shoot(
      base,
      [[folder, '/var/log/nginx']],
      [
        ['config', '#/config?url=wss%3A%2F%2Fapp.example.org%2Fsocket', '.lint'],
        ['alerts', '#/alerts', '.deliveries tbody tr'],
        ['decided', `#/problems/${id}`, '.steps-list .note', (page) => bring(page, '.history')],
        ['lint', '#/config', '.lint', (page) => bring(page, '.lints')],
        ['proof', `#/problems/${id}`, '.try-problem', prove],
        ['preview', '#/alerts', '.preview tbody tr', (page) => bring(page, '.preview')],
      ],
    )
  } finally {
    await stop()
    receiver.close()
    rmSync(folder, { recursive: true })
  }
}

function writeSite(folder, port) {
  const files = { settings: join(folder, 'halfopen.yaml'), access: join(folder, 'access.log') }
  // What was there before is not told, and is in the preview of the rules.
  const before = [130, 129, 80, 31].map((hours) => line(426, Date.now() - hours * 3_600_000).repeat(4))
  writeFileSync(files.access, before.join(''))
  writeFileSync(
    join(folder, 'nginx.conf'),
    `events {}
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }

    server {
        listen 443 ssl;
        server_name app.example.org;
        ssl_certificate app.pem;
        ssl_certificate_key app.key;

        location /socket {
            proxy_pass http://127.0.0.1:3000;
            proxy_set_header Host $host;
        }
        location /live/ {
            proxy_pass http://127.0.0.1:4000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }
    }
}
`,
  )
  writeFileSync(
    files.settings,
    `database: sqlite:site.sqlite
timezone: UTC
nginx_config: nginx.conf
alerts:
  webhook: {name: pager, url: "http://127.0.0.1:${port}/hook"}
  channels: {type: ntfy, name: phone, url: "http://127.0.0.1:${port}", topic: halfopen}
`,
  )
  return files
}

/** Of an access log. @param time epoch ms */
function line(status, time = Date.now()) {
  const [, day, month, year, clock] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(time).toUTCString()) ?? []
  return `192.0.2.7 - - [${day}/${month}/${year}:${clock} +0000] "GET /socket HTTP/1.1" ${status} 16 "-" "Mozilla/5.0"\n`
}

async function problemOf(base, cause) {
  const { problems } = await (await fetch(`${base}/api/v1/problems`)).json()
  return problems.find(({ finding, state }) => finding.cause === cause && state !== 'imported')
}

async function serve(options) {
  const listen = `127.0.0.1:${await freePort()}`
  const base = `http://${listen}`
  const entry = `${ROOT}server/cli/halfopen.mjs`
  const server = spawn(process.execPath, [entry, 'serve', '--listen', listen, ...options], { stdio: 'ignore' })
  try {
    await until(async () => (await fetch(`${base}/readyz`)).ok)
  } catch (error) {
    server.kill('SIGKILL')
    throw error
  }
  return {
    base,
    async stop() {
      server.kill('SIGTERM')
      await once(server, 'exit')
    },
  }
}

async function bring(page, what) {
  await page
    .locator(what)
    .evaluate((element) => window.scrollTo(0, element.getBoundingClientRect().top + window.scrollY - 120))
}

async function prove(page) {
  await page.getByRole('button', { name: 'Prove the patch' }).first().click()
  await page.locator('.try-it .notice').waitFor({ timeout: 60_000 })
  await bring(page, '.try-problem')
}

/** Folders of the demo, which are temporary ones of this machine, with what is shown in their place. */
async function foldersOf(base) {
  const { sources } = await (await fetch(`${base}/api/v1/sources`)).json()
  return [...new Set(sources.map(({ path }) => dirname(path)))].map((folder) => [folder, '/var/log/nginx'])
}

/** In what is shown a folder of this machine is the one where such files usually are. */
async function rename(page, folders) {
  await page.evaluate((all) => {
    const usual = (text) =>
      all.reduce(
        (told, [folder, instead]) =>
          told.replaceAll(`${folder}/nginx.conf`, '/etc/nginx/nginx.conf').replaceAll(folder, instead),
        text,
      )
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
      const { data } = texts.currentNode
      if (usual(data) !== data) texts.currentNode.data = usual(data)
    }
  }, folders)
}

/** @param folders see rename. @param pages name, address, what has to be there, and what to do before */
async function shoot(base, folders, pages) {
  for (const width of [1440, 390]) {
    const page = await browser.newPage({ viewport: { width, height: width === 390 ? 844 : 900 } })
    const devtools = await page.context().newCDPSession(page)
    for (const [name, hash, ready, act] of pages) {
      await page.goto(`${base}/${hash}`)
      await page.locator(ready).first().waitFor()
      await page.locator('.connection.live').waitFor()
      await act?.(page)
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        // Charts are drawn anew in the other colours.
        await page.waitForTimeout(400)
        await rename(page, folders)
        const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
        writeFileSync(new URL(`${name}-${width}-${colorScheme}.webp`, INTO), Buffer.from(data, 'base64'))
      }
    }
    await page.close()
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port: free } = probe.address()
  probe.close()
  await once(probe, 'close')
  return free
}

/** The first answer that is something; the server may still be starting. */
async function until(ask) {
  for (const end = Date.now() + 60_000; ;) {
    const answer = await ask().catch(() => null)
    if (answer) return answer
    if (Date.now() > end) throw new Error('the demo did not get so far within a minute')
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
