/** How long `halfopen lint` takes for a large tree: `node test/bench/lint.mjs [--mb 5] [--rounds 5] [--program FILE]`. The bar:
 *  1 s for 5 MB, as the best of the rounds, since others may be busy on the machine. CPU time is of all threads (garbage
 *  collection and compilation run beside the work), so it is more than the time passed on an idle machine; it is what to
 *  compare two builds by. Needs a build. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { mb: { type: 'string' }, rounds: { type: 'string' }, program: { type: 'string' } },
})
const mb = Number(values.mb ?? 5)
const PROGRAM = values.program ?? fileURLToPath(new URL('../../server/cli/halfopen.mjs', import.meta.url))
/** Prints what the process has used, in seconds, as its last line to stderr. */
const USED = `import { writeSync } from 'node:fs'
process.on('exit', () => { const { user, system } = process.cpuUsage(); writeSync(2, '\\n' + (user + system) / 1e6) })`

/** A host as control panels write them: a redirect, TLS, an application, its socket, static files. */
const site = (i) => `# host ${i}
server {
    listen 80;
    server_name h${i}.example.org www.h${i}.example.org;
    return 301 https://$host$request_uri;
}
server {
    listen 443 ssl;
    server_name h${i}.example.org www.h${i}.example.org;
    ssl_certificate /etc/ssl/h${i}.pem;
    ssl_certificate_key /etc/ssl/h${i}.key;
    access_log /var/log/nginx/h${i}.log;
    client_max_body_size 50m;
    location / {
        proxy_pass http://10.0.${i >> 8}.${i & 255}:3000;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
    location /ws/ {
        proxy_pass http://10.0.${i >> 8}.${i & 255}:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection ${i % 10 === 0 ? '""' : '$connection_upgrade'};
        proxy_set_header Host $host;
        proxy_read_timeout 1h;
    }
    location ~* \\.(?:js|css|png)$ {
        root /srv/h${i};
        expires 7d;
    }
}
`

const dir = mkdtempSync(join(tmpdir(), 'halfopen-bench-lint-'))
try {
  mkdirSync(join(dir, 'sites'))
  const perFile = 10
  let bytes = 0
  let i = 0
  while (bytes < mb * 1024 * 1024) {
    const text = Array.from({ length: perFile }, () => site(i++)).join('')
    writeFileSync(join(dir, 'sites', `${String(i).padStart(6, '0')}.conf`), text)
    bytes += text.length
  }
  writeFileSync(
    join(dir, 'nginx.conf'),
    "events {}\nhttp {\n    map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n    include sites/*.conf;\n}\n",
  )
  const times = []
  const used = []
  for (let round = 0; round < Number(values.rounds ?? 5); round++) {
    const start = performance.now()
    const preload = `--import=data:text/javascript,${encodeURIComponent(USED)}`
    const ran = spawnSync(process.execPath, [preload, PROGRAM, 'lint', dir, '-q', '--fail-on', 'never'], {
      encoding: 'utf8',
      maxBuffer: 1e9,
    })
    times.push((performance.now() - start) / 1000)
    used.push(Number(ran.stderr.split('\n').at(-1)))
    if (ran.status !== 0 || !/^\d+ errors/.test(ran.stdout))
      throw new Error(`${ran.status}: ${ran.stderr}${ran.stdout.slice(0, 300)}`)
  }
  const best = Math.min(...times)
  const one = (seconds) => seconds.toFixed(2)
  const cpu = Math.min(...used)
  console.log(`${one(bytes / 1024 / 1024)} MB, ${i * 2} servers: ${times.map(one).join(', ')} s; best ${one(best)} s`)
  console.log(`CPU time of all threads: ${used.map(one).join(', ')} s; least ${one(cpu)} s`)
  if (mb === 5 && Math.min(best, cpu) > 1) process.exitCode = 1
} finally {
  rmSync(dir, { recursive: true })
}
