/** Configurations to be patched. `nginx.conf` holds the lines of http context (a whole file is put around them) unless it
 *  has an http block itself; DIR is the folder. Each is tested with `nginx -t` before and after. */
import type { Directive } from '../../server/diagnosis/contract.ts'

export interface PatchCase {
  name: string
  files: Record<string, string>
  /** Symbolic links: name → target. */
  links?: Record<string, string>
  server?: string | null
  path: string
  directives?: Directive[]
  /** Added and removed lines, without their marks, in the order of the diff. */
  added: string[]
  removed?: string[]
  /** Text the first file has afterwards. */
  around?: string
  /** Files the diff names, `nginx.conf` when left out. */
  names?: string[]
  /** Effective Connection afterwards, `$connection_upgrade` when left out. */
  connection?: string
  /** Requests whose effective settings must not change. */
  untouched?: { server: string | null; path: string }[]
}

/** As the causes give them: each line an element of its own. */
export const UPGRADE: Directive[] = [
  ...['map $http_upgrade $connection_upgrade {', '    default upgrade;', "    ''      close;", '}'].map((text) => ({
    context: 'http',
    text,
  })),
  ...[
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection $connection_upgrade;',
  ].map((text) => ({ context: 'location', text })),
]
const READ_TIMEOUT: Directive[] = [{ context: 'location', text: 'proxy_read_timeout 300s;' }]
const MAP = 'map $http_upgrade $connection_upgrade { default upgrade; "" close; }\n'
const three = (indent: string, end = '') => UPGRADE.slice(4).map(({ text }) => indent + text + end)
const map = (indent: string, end = '') => [...UPGRADE.slice(0, 4).map(({ text }) => indent + text + end), end]

export const PATCH_CASES: PatchCase[] = [
  {
    name: 'the plain case: map before the server, lines after the last proxy_*',
    files: {
      'nginx.conf':
        '    # the app\n    server {\n        listen LISTEN;\n\n        location /ws/ {\n            proxy_pass http://127.0.0.1:1;\n            proxy_set_header Host $host; # keep\n            access_log off;\n        }\n    }\n',
    },
    path: '/ws/',
    added: [...map('    '), ...three('            ')],
    around: '    }\n\n    # the app\n    server {\n',
  },
  {
    name: 'a map is indented as the file is: two blanks, in a block that is in one line, too',
    files: {
      'nginx.conf':
        'server {\n  listen LISTEN;\n  location /ws {\n    proxy_pass http://127.0.0.1:1;\n  }\n  location /x { proxy_pass http://127.0.0.1:1; }\n}\n',
    },
    path: '/ws',
    added: [
      'map $http_upgrade $connection_upgrade {',
      '  default upgrade;',
      "  ''      close;",
      '}',
      '',
      ...three('    '),
    ],
  },
  {
    name: 'a map is indented as the file is: tabs',
    files: {
      'nginx.conf':
        '\tserver {\n\t\tlisten LISTEN;\n\t\tlocation /ws {\n\t\t\tproxy_pass http://127.0.0.1:1;\n\t\t}\n\t}\n',
    },
    path: '/ws',
    added: [
      '\tmap $http_upgrade $connection_upgrade {',
      '\t\tdefault upgrade;',
      "\t\t''      close;",
      '\t}',
      '',
      ...three('\t\t\t'),
    ],
  },
  {
    name: 'tabs and CRLF are kept',
    files: {
      'nginx.conf':
        MAP + 'server {\r\n\tlisten LISTEN;\r\n\tlocation / {\r\n\t\tproxy_pass http://127.0.0.1:1;\r\n\t}\r\n}\r\n',
    },
    path: '/x',
    added: three('\t\t', '\r'),
  },
  {
    name: 'an equal map is not defined twice; what is right already stays',
    files: {
      'nginx.conf':
        MAP +
        'proxy_http_version 1.1;\nserver {\n  listen LISTEN;\n  location / {\n    proxy_pass http://127.0.0.1:1;\n    proxy_set_header upgrade $http_upgrade;\n    proxy_set_header X-A 1;\n  }\n}\n',
    },
    path: '/',
    added: ['    proxy_set_header Connection $connection_upgrade;'],
  },
  {
    name: 'a map of another name does the same: it is used, and no second one is added',
    files: {
      'nginx.conf':
        'map $http_upgrade $conn_up { "" close; default upgrade; }\nserver {\n  listen LISTEN;\n  location / {\n    proxy_pass http://127.0.0.1:1;\n  }\n}\n',
    },
    path: '/',
    added: [
      '    proxy_http_version 1.1;',
      '    proxy_set_header Upgrade $http_upgrade;',
      '    proxy_set_header Connection $conn_up;',
    ],
    connection: '$conn_up',
  },
  {
    name: 'where connections to the group are kept, the new map does not close them',
    files: {
      'nginx.conf':
        'upstream app {\n  server 127.0.0.1:1;\n  keepalive 8;\n}\nserver {\n  listen LISTEN;\n  location / {\n    proxy_pass http://app;\n  }\n}\n',
    },
    path: '/',
    added: [...map('').map((line) => line.replace('close', "''").replace(/^ {4}/, '  ')), ...three('    ')],
  },
  {
    name: 'a wrong value is replaced where it stands, a second line for it removed',
    files: {
      'nginx.conf':
        MAP +
        'server {\n  listen LISTEN;\n  location / {\n    proxy_http_version 1.0;\n    proxy_set_header   Connection   ""; # was keepalive\n    proxy_pass http://127.0.0.1:1;\n    proxy_set_header connection close;\n  }\n}\n',
    },
    path: '/',
    added: [
      '    proxy_http_version 1.1;',
      '    proxy_set_header   Connection   $connection_upgrade; # was keepalive',
      '    proxy_set_header Upgrade $http_upgrade;',
    ],
    removed: [
      '    proxy_http_version 1.0;',
      '    proxy_set_header   Connection   ""; # was keepalive',
      '    proxy_set_header connection close;',
    ],
  },
  {
    name: 'inheritance: the only location that uses the headers of its server gets them there',
    files: {
      'nginx.conf':
        MAP +
        'server {\n    listen LISTEN;\n    proxy_set_header Host $host;\n    proxy_set_header X-Real-IP $remote_addr;\n\n    location / {\n        proxy_pass http://127.0.0.1:1;\n    }\n    location /own/ {\n        proxy_pass http://127.0.0.1:1;\n        proxy_set_header Host own;\n    }\n}\n',
    },
    path: '/ws',
    added: [
      '    proxy_set_header Upgrade $http_upgrade;',
      '    proxy_set_header Connection $connection_upgrade;',
      '        proxy_http_version 1.1;',
    ],
    untouched: [{ server: null, path: '/own/' }],
  },
  {
    name: 'inheritance: where other locations use them too, the inherited lines are repeated, not dropped',
    files: {
      'nginx.conf':
        MAP +
        'proxy_http_version 1.1;\nserver {\n    listen LISTEN;\n    proxy_set_header Host $host;\n    proxy_set_header Connection "";\n    proxy_set_header X-Name "a b";\n    location / {\n        proxy_pass http://127.0.0.1:1;\n    }\n    location /ws/ {\n        proxy_pass http://127.0.0.1:1;\n    }\n}\n',
    },
    path: '/ws/',
    added: [
      '        proxy_set_header Host $host;',
      '        proxy_set_header X-Name "a b";',
      '        proxy_set_header Upgrade $http_upgrade;',
      '        proxy_set_header Connection $connection_upgrade;',
    ],
    untouched: [{ server: null, path: '/' }],
  },
  {
    name: 'one line: the block stays on it',
    files: { 'nginx.conf': 'server { listen LISTEN; location / { proxy_pass http://127.0.0.1:1; } }\n' },
    path: '/',
    added: [
      '',
      ...map('').slice(0, 4),
      '',
      'server { listen LISTEN; location / { proxy_pass http://127.0.0.1:1; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; } }',
    ].slice(1),
    removed: ['server { listen LISTEN; location / { proxy_pass http://127.0.0.1:1; } }'],
  },
  {
    name: 'http, server and location on one line',
    files: {
      'nginx.conf':
        'events {} pid DIR/p; error_log DIR/e; http { access_log off; server { listen LISTEN; location / { proxy_pass http://127.0.0.1:1; } } }',
    },
    path: '/',
    added: [
      "events {} pid DIR/p; error_log DIR/e; http { access_log off; map $http_upgrade $connection_upgrade { default upgrade; ''      close; } server { listen LISTEN; location / { proxy_pass http://127.0.0.1:1; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; } } }",
    ],
    removed: [
      'events {} pid DIR/p; error_log DIR/e; http { access_log off; server { listen LISTEN; location / { proxy_pass http://127.0.0.1:1; } } }',
    ],
  },
  {
    name: 'Debian: the site file is changed under its real name, the map goes before its first server',
    files: {
      'nginx.conf': 'include sites-enabled/*;\n',
      'sites-available/app':
        '# app\n\nserver {\n    listen LISTEN;\n    server_name other.test;\n    return 404;\n}\n\nserver {\n    listen LISTEN;\n    server_name app.test;\n    location / {\n        include snippets/proxy;\n    }\n}\n',
      'snippets/proxy': 'proxy_pass http://127.0.0.1:1;\nproxy_set_header Host $host;\n',
    },
    links: { 'sites-enabled/app': '../sites-available/app' },
    server: 'app.test',
    path: '/ws',
    added: [...map(''), ...three('        ')],
    names: ['sites-available/app'],
  },
  {
    name: 'a directive that came with an include is changed in that file',
    files: {
      'nginx.conf': `${MAP}server {\n  listen LISTEN;\n  location / {\n    proxy_pass http://127.0.0.1:1;\n    include snippets/proxy;\n  }\n}\n`,
      'snippets/proxy': 'proxy_read_timeout 60;\nproxy_set_header Connection "";\nproxy_set_header Host $host;\n',
    },
    path: '/',
    directives: [...UPGRADE, ...READ_TIMEOUT],
    names: ['nginx.conf', 'snippets/proxy'],
    added: [
      '    proxy_http_version 1.1;',
      '    proxy_set_header Upgrade $http_upgrade;',
      'proxy_read_timeout 300s;',
      'proxy_set_header Connection $connection_upgrade;',
    ],
    removed: ['proxy_read_timeout 60;', 'proxy_set_header Connection "";'],
  },
  {
    name: 'a timeout set further out is overridden in the location, not changed for all',
    files: {
      'nginx.conf':
        'proxy_read_timeout 60s;\nserver {\n  listen LISTEN;\n  location / {\n    proxy_pass http://127.0.0.1:1;\n  }\n  location /ws {\n    # socket\n    proxy_pass http://127.0.0.1:1; }\n}\n',
    },
    path: '/ws',
    directives: READ_TIMEOUT,
    added: ['    proxy_pass http://127.0.0.1:1; proxy_read_timeout 300s; }'],
    removed: ['    proxy_pass http://127.0.0.1:1; }'],
    untouched: [{ server: null, path: '/' }],
  },
  {
    name: 'a nested location and a header value over several lines; no line feed at the end of the file',
    files: {
      'nginx.conf': `include app.conf;\n${MAP}`,
      'app.conf':
        'server {\n  listen LISTEN;\n  location /a/ {\n    location /a/ws {\n      proxy_pass http://127.0.0.1:1;\n      proxy_set_header X-Long "one\n   two";\n    }\n  }\n}',
    },
    path: '/a/ws',
    names: ['app.conf'],
    added: three('      '),
  },
  {
    name: 'the end of a file without line feed is changed',
    files: {
      'nginx.conf': `${MAP}server { listen LISTEN; location / { include proxy; } }\n`,
      proxy: 'proxy_pass http://127.0.0.1:1;\nproxy_read_timeout 60s;',
    },
    path: '/',
    directives: READ_TIMEOUT,
    names: ['proxy'],
    added: ['proxy_read_timeout 300s;'],
    removed: ['proxy_read_timeout 60s;'],
  },
  {
    name: 'a named location behind try_files is the block that is changed',
    files: {
      'nginx.conf':
        MAP +
        'server {\n  listen LISTEN;\n  location / {\n    try_files $uri @app;\n  }\n  location @app {\n    proxy_pass http://127.0.0.1:1;\n  }\n}\n',
    },
    path: '/socket',
    added: three('    '),
  },
  {
    name: 'the redirecting server of the same name is passed over',
    files: {
      'nginx.conf':
        MAP +
        'server {\n  listen unix:DIR/plain.sock;\n  server_name a.test;\n  return 301 https://$host$request_uri;\n}\nserver {\n  listen LISTEN;\n  server_name a.test;\n  location / {\n    proxy_pass http://127.0.0.1:1;\n  }\n}\n',
    },
    server: 'a.test',
    path: '/',
    added: three('    '),
  },
]
