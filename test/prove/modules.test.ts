/** Modules that a configuration loads: from the distribution's folder alone, none that runs code, and one that does not fit
 *  is no fault of the configuration. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findNginx } from '../../server/prove/nginx.ts'
import { describeWith } from '../needs.ts'
import { folderWith, HEADERS, inHttp, MAP, proofOf } from './site.ts'

const site = (location: string, main = '', http = ''): string =>
  inHttp(
    `${MAP}\n${http}\nserver { listen 80; server_name app.test; location /ws { proxy_pass http://app:3000;${HEADERS} ${location} } }`,
    main,
  )

describeWith('nginx', 'modules', ({ nginx }) => {
  /** The installed nginx with another folder of modules; `path` is what `nginx -V` says of it. */
  const nginxWith = (
    files: Readonly<Record<string, string>>,
    path = 'FOLDER/modules',
  ): { program: string; folder: string } => {
    const folder = folderWith({ 'modules/.keep': '' })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'modules', name), text)
    const told = path.replace('FOLDER', folder)
    const program = join(folder, 'nginx')
    // Every load is seen: nginx itself opens the file.
    writeFileSync(
      program,
      `#!/bin/sh\nif [ "$1" = -V ]; then ${nginx} -V 2>&1 | sed 's#--modules-path=[^ ]*#--modules-path=${told}#' >&2; else\n` +
        `for c; do case $c in */nginx.conf) grep -o 'load_module.*' "$c" >>${folder}/loaded; esac; done; exec ${nginx} "$@"; fi\n`,
    )
    for (const one of [folder, join(folder, 'modules'), program]) chmodSync(one, 0o755)
    writeFileSync(join(folder, 'loaded'), '')
    chmodSync(join(folder, 'loaded'), 0o666)
    return { program, folder }
  }
  const loaded = (folder: string): string => execFileSync('cat', [join(folder, 'loaded')], { encoding: 'utf8' })
  const prove = (conf: string, program: string) =>
    proofOf({ files: { 'nginx.conf': conf, 'ngx_http_headers_more_filter_module.so': 'x' }, nginx: program })

  it('one that cannot be loaded is left out, and the handshake is tried all the same', async () => {
    const { program, folder } = nginxWith({ 'ngx_http_headers_more_filter_module.so': 'not a library' })
    const load = 'load_module modules/ngx_http_headers_more_filter_module.so;'
    const { ok, limits } = await prove(site('more_set_headers "X: y";', load), program)
    expect(loaded(folder)).toContain(join(folder, 'modules/ngx_http_headers_more_filter_module.so'))
    expect(limits.join('\n')).toMatch(/more_set_headers \(.*was left out/)
    expect(ok).toBe(true)
  })

  it.each<[string, string, string]>([
    ['without a load_module line', '', 'more_set_headers "X: y";'],
    ['not in the folder', 'load_module modules/ngx_http_brotli_filter_module.so;', 'brotli on;'],
    ['that is a folder', 'load_module modules/ngx_http_echo_module.so;', 'echo_sleep 1;'],
    ['with rules that may run scripts', 'load_module modules/ngx_http_modsecurity_module.so;', 'modsecurity on;'],
    ['with a name that is none', 'load_module "modules/a b\\nngx_http_headers_more.so";', 'more_set_headers "X: y";'],
  ])('none is loaded: one %s', async (_, load, directive) => {
    const { program, folder } = nginxWith({
      'ngx_http_headers_more_filter_module.so': 'x',
      'ngx_http_modsecurity_module.so': 'x',
    })
    mkdirSync(join(folder, 'modules/ngx_http_echo_module.so'))
    expect((await prove(site(directive, load), program)).ok).toBe(true)
    expect(loaded(folder)).toBe('')
  })

  it('one from elsewhere is taken from the folder of the distribution, or not at all', async () => {
    const { program, folder } = nginxWith({})
    const elsewhere = folderWith({ 'ngx_http_headers_more_filter_module.so': 'x' })
    const load = `load_module ${elsewhere}/ngx_http_headers_more_filter_module.so;`
    expect((await prove(site('more_set_headers "X: y";', load), program)).ok).toBe(true)
    expect(loaded(folder)).toBe('')
  })

  it('a folder that is named without a slash is not looked for where halfopen was started', async () => {
    const { program } = nginxWith({}, 'test')
    expect(existsSync('test')).toBe(true)
    expect(await findNginx(program, {})).toMatchObject({ path: program, modules: null })
  })

  it('a mistake of the configuration is still one', async () => {
    const { program } = nginxWith({ 'ngx_http_headers_more_filter_module.so': 'x' })
    const load = 'load_module modules/ngx_http_headers_more_filter_module.so;'
    const { before } = await prove(site('more_set_headers "X: y"; proxy_red_timeout 5s;', load), program)
    expect(before.run?.config_test?.output[0]).toMatch(/unknown directive "proxy_red_timeout" in .*nginx.conf:\d+/)
  })
})
