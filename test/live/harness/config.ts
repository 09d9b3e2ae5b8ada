/** Configurations as people write them, around the one or two lines a scenario is about. */
import type { Site } from './nginx.ts'

export interface Parts {
  /** Location blocks, already indented by eight spaces. */
  locations: string
  /** Extra lines of http {}. */
  http?: string
  /** `info` shows idle cuts and clients; nginx's own default (`error`) does not. */
  errorLevel?: 'info' | 'default'
  /** Which access logs are written: combined to access.log, timed to timed.log. */
  access?: readonly ('combined' | 'timed')[]
}

/** Combined plus what tells sessions apart: lengths, the upstream and the Upgrade header. */
export const TIMED_FORMAT =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent ' +
  '"$http_referer" "$http_user_agent" rt=$request_time urt="$upstream_response_time" uht="$upstream_header_time" ' +
  'upstream="$upstream_addr" ustatus="$upstream_status" host="$host" upgrade="$http_upgrade" conn=$connection'

export const MAP = `    map $http_upgrade $connection_upgrade {
        default upgrade;
        '' close;
    }
`

/** What a WebSocket location needs. */
export const UPGRADE_LINES = `            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
`

export function location(path: string, upstreamPort: number, body = ''): string {
  return `        location ${path} {
            proxy_pass http://127.0.0.1:${upstreamPort};
            proxy_set_header Host $host;
${body}        }
`
}

/** A whole nginx.conf with everything it touches inside the site's directory. */
export function siteConfig({ dir, port }: Site, parts: Parts): string {
  const access = parts.access ?? ['combined']
  // As root, nginx would drop to an account that may not enter the private directory.
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `    ${kind}_temp_path ${dir}/${kind};\n`)
    .join('')
  return `${user}worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log${parts.errorLevel === 'info' ? ' info' : ''};

events {
    worker_connections 256;
}

http {
    log_format timed '${TIMED_FORMAT}';
${access.includes('combined') ? `    access_log ${dir}/access.log combined;\n` : ''}${
    access.includes('timed') ? `    access_log ${dir}/timed.log timed;\n` : ''
  }${temp}
${parts.http ?? ''}
    server {
        listen 127.0.0.1:${port};
        server_name app.test;

${parts.locations}    }
}
`
}
