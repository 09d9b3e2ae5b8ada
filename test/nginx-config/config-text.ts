/** Configurations for the tests of nginx-config. */
import { configFromText, type NginxConfig } from '../../server/nginx-config/contract.ts'
import type { Source } from '../../server/nginx-config/tree.ts'

export const sourceOf = (text: string, file = '/etc/nginx/nginx.conf'): Source => ({
  file,
  real: file,
  text,
  encoding: 'utf8',
})

/** A configuration in one text; throws when it is none. */
export function configOf(text: string): NginxConfig {
  const loaded = configFromText(text, '/etc/nginx/nginx.conf')
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  return loaded.config
}

/** A whole nginx.conf around lines of http context, with everything it writes inside `dir`. */
export function wholeConfig(dir: string, http: string): string {
  // As root, nginx would drop to an account that may not enter the private directory.
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `    ${kind}_temp_path ${dir}/${kind};\n`)
    .join('')
  return `${user}worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
events {
    worker_connections 64;
}
http {
    access_log off;
${temp}${http}}
`
}
