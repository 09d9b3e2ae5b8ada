/** Commands for the way nginx is installed: as a service, in a container, or behind a program that writes its files. Pure.
 *  Sources: Nginx Proxy Manager (backend/internal/nginx.js tests and reloads by itself), linuxserver/docker-swag (container
 *  `swag`, files in /config/nginx), ingress-nginx (docs/deploy: namespace and deployment of the manifests). */
import { shellSafe, TEST_AND_RELOAD } from './advice.ts'
import type { ConfigView, Fix } from './contract.ts'

export type Installation = 'npm' | 'swag' | 'ingress' | 'service'

/** By its files where they are known, else by the formats of its logs.
 *  @param formats ids of the parsers that read something. */
export function installationOf(config: ConfigView | null, formats: ReadonlySet<string>): Installation {
  if (config) return config.installation ?? 'service'
  return formats.has('npm-access') ? 'npm' : formats.has('ingress-access') ? 'ingress' : 'service'
}

interface Commands {
  /** In place of the test and reload of a service. */
  test: string
  /** In place of the copy before, and of putting it back; null: as for a service. */
  prepare: readonly string[] | null
  rollback: readonly string[] | null
}

const CONTROLLER = 'deploy/ingress-nginx-controller'

const COMMANDS: Readonly<Record<Exclude<Installation, 'service'>, Commands>> = {
  npm: {
    test: 'docker exec NPM-CONTAINER nginx -t # its page reloads nginx when a host is saved',
    prepare: ['# write down what the page of the proxy host shows now: Nginx Proxy Manager writes its files itself'],
    rollback: [
      '# set the old values in the page of the proxy host again, and save',
      'docker exec NPM-CONTAINER nginx -t',
    ],
  },
  swag: {
    test: 'docker exec swag nginx -t && docker exec swag nginx -s reload',
    prepare: null,
    rollback: null,
  },
  ingress: {
    test: `kubectl -n ingress-nginx exec ${CONTROLLER} -- nginx -t # it reloads by itself; why not: kubectl -n ingress-nginx logs ${CONTROLLER} --tail=30`,
    prepare: ['kubectl -n NAMESPACE get ingress NAME -o yaml > NAME.$(date +%F).yaml'],
    rollback: [
      'kubectl apply -f NAME.$(date +%F).yaml',
      '# on a later day write the date of the copy in place of $(date +%F)',
    ],
  },
}

/** What helps when the test or the reload fails, and what the same is in a container. */
const OTHERWISE = [
  '# not accepted, or not running: sudo journalctl -u nginx -n 30; sudo tail -n 30 /var/log/nginx/error.log',
  '# nginx in a container: docker exec NAME nginx -t && docker exec NAME nginx -s reload; in a swarm a config is replaced: docker service update --config-rm OLD --config-add source=NEW,target=/etc/nginx/nginx.conf SERVICE',
]
/** Where the files are, when none were given. */
const WHERE =
  "sudo nginx -T 2>/dev/null | grep '^# configuration file' # the files that are loaded: change one of these"

/** The fix with the commands of this installation. */
export function commandsFor(fix: Fix, config: ConfigView | null, formats: ReadonlySet<string>): Fix {
  const installation = installationOf(config, formats)
  const changes = fix.prepare.length > 0
  if (installation === 'service') {
    const main = config?.main ?? null
    const safe = main === null ? '' : shellSafe(main, '')
    const own = safe === '' ? TEST_AND_RELOAD : `sudo nginx -t -c ${safe} && sudo nginx -s reload -c ${safe}`
    const named = (commands: readonly string[]): string[] => commands.map((one) => one.replaceAll(TEST_AND_RELOAD, own))
    return {
      ...fix,
      prepare: changes && config === null ? [WHERE, ...fix.prepare] : fix.prepare,
      verify: changes ? withRemarks(named(fix.verify), own) : named(fix.verify),
      rollback: named(fix.rollback),
    }
  }
  const { test, prepare, rollback } = COMMANDS[installation]
  const named = (commands: readonly string[]): string[] => commands.map((one) => one.replaceAll(TEST_AND_RELOAD, test))
  return {
    ...fix,
    prepare: changes && prepare ? [...prepare] : fix.prepare,
    verify: named(fix.verify),
    rollback: fix.rollback.length > 0 && rollback ? [...rollback] : named(fix.rollback),
  }
}

/** After the test, before what tells whether it worked. */
function withRemarks(commands: readonly string[], test: string): string[] {
  const at = commands.indexOf(test)
  return at === -1 ? [...commands] : commands.toSpliced(at + 1, 0, ...OTHERWISE)
}
