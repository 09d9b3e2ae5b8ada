/** The registry, in the order detection tries them: strict heads first, so that no format can claim another's lines. */
import { aiohttp } from './apps/aiohttp.ts'
import { appJson } from './apps/app-json.ts'
import { appLine } from './apps/app-line.ts'
import { aspnet } from './apps/aspnet.ts'
import { browserConsole } from './apps/browser-console.ts'
import { caddy } from './apps/caddy.ts'
import { daphne } from './apps/daphne.ts'
import { elixir } from './apps/elixir.ts'
import { gin } from './apps/gin.ts'
import { goLog } from './apps/go-log.ts'
import { haproxy } from './apps/haproxy.ts'
import { logfmt } from './apps/logfmt.ts'
import { oauth2Proxy } from './apps/oauth2-proxy.ts'
import { portainer } from './apps/portainer.ts'
import { pythonLog } from './apps/python-log.ts'
import { rails } from './apps/rails.ts'
import { tornado } from './apps/tornado.ts'
import { traefikAccess } from './apps/traefik-access.ts'
import { uvicorn } from './apps/uvicorn.ts'
import { websocketText } from './apps/websocket-text.ts'
import { websockify } from './apps/websockify.ts'
import { zerologConsole } from './apps/zerolog-console.ts'
import { accessPresets } from './nginx/access-presets.ts'
import { jsonAccess } from './nginx/access-json.ts'
import { variantAccess } from './nginx/access-variant.ts'
import { nginxError } from './nginx/error.ts'
import { keyValueAccess } from './nginx/key-value.ts'
import type { Parser } from './parser.ts'

/** Applications: products with a head of their own first, general shapes after them, bare sentences last. The general
 *  shapes that Portainer shares stand before it and leave what is its own (see there). */
export const APPS: readonly Parser[] = [
  traefikAccess,
  caddy,
  haproxy,
  oauth2Proxy,
  logfmt,
  appJson,
  goLog,
  portainer,
  zerologConsole,
  gin,
  aiohttp,
  uvicorn,
  daphne,
  tornado,
  rails,
  elixir,
  aspnet,
  websockify,
  pythonLog,
  appLine,
  browserConsole,
  websocketText,
]

export const PARSERS: readonly Parser[] = [
  nginxError,
  ...accessPresets,
  keyValueAccess,
  jsonAccess,
  ...APPS,
  variantAccess,
]
