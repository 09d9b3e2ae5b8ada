/** A configuration on disk, and its proof. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { loadConfig } from '../../server/nginx-config/contract.ts'
import { PLAIN_TRIAL, prove, type Circumstances, type Part, type Proof } from '../../server/prove/contract.ts'

const folders: string[] = []
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })))

/** Writes files below a fresh folder. @returns the folder */
export function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-test-prove-'))
  folders.push(folder)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** nginx.conf with these lines in http context. */
export const inHttp = (lines: string, main = ''): string =>
  `user www-data;\n${main}\nevents { worker_connections 64; }\nhttp {\n${lines}\n}\n`

/** nginx.conf with one server that serves these locations. */
export const inServer = (lines: string, http = ''): string =>
  inHttp(`${http}\nserver {\n    listen 80;\n    server_name app.test;\n${lines}\n}`)

export const MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"
export const HEADERS = `
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header Host $host;`

/** The diff that replaces a whole file. */
export function wholeDiff(name: string, from: string, to: string): string {
  const [old, next] = [from.trimEnd().split('\n'), to.trimEnd().split('\n')]
  return [
    `--- ${name}`,
    `+++ ${name}`,
    `@@ -1,${old.length} +1,${next.length} @@`,
    ...old.map((line) => `-${line}`),
    ...next.map((line) => `+${line}`),
    '',
  ].join('\n')
}

export interface Asked {
  files: Readonly<Record<string, string | Buffer>>
  /** nginx.conf after the change. */
  to?: string
  patch?: string
  host?: string | null
  /** The Host header, where it is not `host`. */
  sent?: string
  path?: string
  plain?: boolean
  origin?: string | null
  headers?: [string, string][]
  circumstances?: Partial<Circumstances>
  nginx?: string
  cause?: string
  main?: string
}

export async function proofOf(asked: Asked): Promise<Proof & { folder: string; parts: Part[] }> {
  const folder = folderWith(asked.files)
  const loaded = loadConfig(join(folder, asked.main ?? 'nginx.conf'))
  if (!loaded.ok) throw new Error(loaded.error.message)
  const before = String(asked.files['nginx.conf'])
  const patch = asked.patch ?? (asked.to === undefined ? null : wholeDiff('nginx.conf', before, asked.to))
  const host = asked.host === undefined ? 'app.test' : asked.host
  const walk = prove({
    config: loaded.config,
    patch,
    asking: {
      host: asked.sent ?? host ?? 'app.test',
      path: asked.path ?? '/ws',
      origin: asked.origin ?? null,
      subprotocols: [],
      headers: asked.headers ?? [],
    },
    own_origin: asked.origin === undefined,
    host,
    plain: asked.plain ?? false,
    circumstances: { ...PLAIN_TRIAL, ...asked.circumstances },
    cause: asked.cause ?? null,
    nginx: asked.nginx ?? null,
    env: process.env,
    signal: new AbortController().signal,
  })
  const parts: Part[] = []
  let next = await walk.next()
  for (; !next.done; next = await walk.next()) parts.push(next.value.part)
  return { ...next.value, folder, parts }
}
