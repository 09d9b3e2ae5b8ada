/** Configurations whose effective settings are compared with what a real backend receives. Lines of http context;
 *  PORT is nginx's listening address, BACKEND the backend's URL. Each block names itself in X-Context. */
export interface EffectiveCase {
  name: string
  http: string
  requests: { host: string; path: string; context: string }[]
}

const MAP = `map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n`
const UPGRADE =
  'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;'

/** The name a block gives itself; nginx would read `$` in it as a variable. */
export const label = (context: string) => context.replaceAll('$', '%').replaceAll('"', '')

const at = (location: string, body = 'proxy_pass BACKEND;') =>
  `location ${location} { add_header X-Context '${label(`location ${location}`)}' always; ${body} }\n`
const server = (body: string, name = 'a.test') =>
  `server { listen PORT; server_name ${name}; add_header X-Context '${label(`server ${name}`)}' always;\n${body}}\n`
const get = (path: string, context: string, host = 'a.test') => ({ host, path, context })

export const EFFECTIVE_CASES: EffectiveCase[] = [
  {
    name: 'defaults: HTTP/1.0, Connection close, no Upgrade',
    http: server(at('/')),
    requests: [get('/ws', 'location /')],
  },
  {
    name: 'one own proxy_set_header drops all inherited ones',
    http:
      MAP +
      server(
        `${UPGRADE} proxy_set_header X-Server yes;` +
          at('/') +
          at('/trap/', 'proxy_pass BACKEND; proxy_set_header X-Own 1;') +
          at('/off/', 'proxy_pass BACKEND; proxy_set_header X-Server "";'),
      ),
    requests: [get('/ws', 'location /'), get('/trap/ws', 'location /trap/'), get('/off/ws', 'location /off/')],
  },
  {
    name: 'headers of http are dropped by one line in server; scalars inherit one by one',
    http:
      MAP +
      `proxy_http_version 1.1; proxy_set_header X-Http 1; proxy_set_header Upgrade $http_upgrade;` +
      server(`proxy_set_header X-Server 1;${at('/')}`) +
      server(at('/') + at('/old/', 'proxy_http_version 1.0; proxy_pass BACKEND;'), 'b.test'),
    requests: [get('/', 'location /'), get('/', 'location /', 'b.test'), get('/old/x', 'location /old/', 'b.test')],
  },
  {
    name: 'exact, ^~, longest prefix and regular expressions, in nginx order',
    http: server(
      at('/') +
        at('= /ws') +
        at('/ws/') +
        at('^~ /static/') +
        at('~ \\.js$', 'return 200 static;') +
        at('~* ^/CHAT') +
        at('/chat/long/') +
        at('^~/glued'),
    ),
    requests: [
      get('/ws', 'location = /ws'),
      get('/ws/', 'location /ws/'),
      get('/ws/a.js', 'location ~ \\.js$'),
      get('/static/a.js', 'location ^~ /static/'),
      get('/chat/long/x', 'location ~* ^/CHAT'),
      get('/gluedX/a.js', 'location ^~/glued'),
      get('/wsx', 'location /'),
      get('/ws?a=/x.js', 'location = /ws'),
    ],
  },
  {
    name: 'the first regular expression wins, not the longest',
    http: server(at('/') + at('~ ^/a') + at('~ ^/a/very/long')),
    requests: [get('/a/very/long', 'location ~ ^/a')],
  },
  {
    name: 'nested locations: the inner regular expression first, settings inherit through the outer',
    http:
      MAP +
      server(
        `location /outer/ { add_header X-Context 'location /outer/' always; ${UPGRADE} proxy_pass BACKEND; proxy_set_header X-Outer 1;\n` +
          at('/outer/plain/') +
          at('/outer/own/', 'proxy_pass BACKEND; proxy_set_header X-Inner 1;') +
          at('~ \\.ws$') +
          at('/outer/none/', 'return 204;') +
          `}\n${at('~ \\.ws$|\\.x$', 'proxy_pass BACKEND; proxy_set_header X-Late 1;')}`,
      ),
    requests: [
      get('/outer/a', 'location /outer/'),
      get('/outer/plain/a', 'location /outer/plain/'),
      get('/outer/own/a', 'location /outer/own/'),
      get('/outer/plain/a.ws', 'location ~ \\.ws$'),
      get('/outer/plain/a.x', 'location ~ \\.ws$|\\.x$'),
      get('/outer/none/a', 'location /outer/none/'),
    ],
  },
  {
    name: '^~ on a nested location does not stop the regular expressions of the outer level',
    http: server(
      `location /o/ { add_header X-Context 'location /o/' always; proxy_pass BACKEND;\n${at('^~ /o/i/')}}\n` +
        `location ^~ /p/ { add_header X-Context 'location ^~ /p/' always; proxy_pass BACKEND;\n${at('/p/i/')}}\n` +
        at('~ \\.ws$'),
    ),
    requests: [get('/o/i/a.ws', 'location ~ \\.ws$'), get('/p/i/a.ws', 'location /p/i/')],
  },
  {
    name: 'a path without its last slash is redirected, not proxied',
    http: server(at('/') + at('/ws/')),
    requests: [get('/ws', 'location /ws/'), get('/ws/', 'location /ws/')],
  },
  {
    name: 'names: exact, longest leading wildcard, trailing wildcard, regular expression, default',
    http: [
      server(at('/'), 'first.test'),
      server(at('/', 'proxy_pass BACKEND; proxy_set_header X-S exact;'), 'x.a.test'),
      server(at('/', 'proxy_pass BACKEND; proxy_set_header X-S short;'), '*.a.test'),
      server(at('/', 'proxy_pass BACKEND; proxy_set_header X-S long;'), '*.b.a.test'),
      server(at('/', 'proxy_pass BACKEND; proxy_set_header X-S dot;'), '.dot.test'),
      server(at('/', 'proxy_pass BACKEND; proxy_set_header X-S trailing;'), 'mail.*'),
      server(at('/', 'proxy_pass BACKEND; proxy_set_header X-S regex;'), '~^r\\d+\\.test$'),
      server(at('/', 'proxy_pass BACKEND; proxy_set_header X-S default;'), 'd.test').replace(
        'PORT',
        'PORT default_server',
      ),
    ].join(''),
    requests: [
      'x.a.test',
      'y.a.test',
      'c.b.a.test',
      'dot.test',
      'q.dot.test',
      'mail.z.test',
      'r12.test',
      'none.test',
      'FIRST.test',
    ].map((host) => get('/', 'location /', host)),
  },
  {
    name: 'without default_server the first server answers an unknown name',
    http: server(at('/', 'proxy_pass BACKEND; proxy_set_header X-S first;'), 'one.test') + server(at('/'), 'two.test'),
    requests: [get('/', 'location /', 'unknown.test'), get('/', 'location /', 'two.test')],
  },
  {
    name: 'a server-level return answers before every location',
    http: server(`return 301 https://a.test$request_uri;\n${at('/')}`),
    requests: [get('/ws', 'server a.test')],
  },
  {
    name: 'nothing matches: the server itself answers',
    http: server(at('/ws/')),
    requests: [get('/other', 'server a.test'), get('/ws/x', 'location /ws/')],
  },
  {
    name: 'try_files falls back to a named location',
    http: server(
      at('/', 'root /nonexistent; try_files $uri @app;') +
        `location @app { add_header X-Context 'location @app' always; proxy_pass BACKEND; proxy_set_header X-App 1; }\n`,
    ),
    requests: [get('/socket', 'location @app')],
  },
  {
    name: 'proxy_pass in an if of the location; the headers stay those of the location',
    http:
      MAP +
      server(
        `location /ws { add_header X-Context 'location /ws' always; ${UPGRADE} proxy_set_header X-L 1;
          if ($http_upgrade) { add_header X-Context 'location /ws' always; proxy_pass BACKEND; } }\n`,
      ),
    requests: [get('/ws', 'location /ws')],
  },
  {
    name: 'two lines for one header are both sent',
    http: server(at('/', 'proxy_pass BACKEND; proxy_set_header X-Twice a; proxy_set_header x-twice b;')),
    requests: [get('/', 'location /')],
  },
  {
    name: 'quoted and escaped values, names in any case, $http_connection',
    http: server(
      at(
        '/',
        `"proxy_pass" 'BACKEND'; proxy_set_header X-Quoted "a b;c"; proxy_set_header x-SLASH 'a\\'b'; proxy_http_version "1.1";
         proxy_set_header UPGRADE $http_upgrade; proxy_set_header connection $http_connection;`,
      ),
    ),
    requests: [get('/', 'location /')],
  },
  {
    name: 'Connection emptied for keepalive is not sent',
    http: server(`proxy_set_header Connection ""; proxy_http_version 1.1;${at('/')}`),
    requests: [get('/', 'location /')],
  },
  {
    name: 'percent-encoding, dot segments and double slashes are resolved before the choice',
    http: server(at('/') + at('/ws/') + at('~ "^/a b$"')),
    requests: [
      get('/%77s/x', 'location /ws/'),
      get('/x/../ws/y', 'location /ws/'),
      get('//ws///y', 'location /ws/'),
      get('/a%20b', 'location ~ ^/a b$'),
    ],
  },
  {
    name: 'of several handlers the last one answers',
    http: server(
      at('/gif', 'proxy_pass BACKEND; empty_gif;') +
        at('/proxy', 'empty_gif; fastcgi_pass 127.0.0.1:1; proxy_pass BACKEND;'),
    ),
    requests: [get('/gif', 'location /gif'), get('/proxy', 'location /proxy')],
  },
  {
    name: 'satisfy any asks nobody else where nobody else is named, and the innermost one counts',
    http: server(
      `satisfy any; auth_basic off;${at('/no', 'deny all; proxy_pass BACKEND;')}` +
        at('/yes', 'allow all; deny all; auth_basic x; auth_basic_user_file /nonexistent; proxy_pass BACKEND;') +
        at('/all', 'satisfy all; deny all; auth_basic x; auth_basic_user_file /nonexistent; proxy_pass BACKEND;'),
    ),
    requests: [get('/no', 'location /no'), get('/yes', 'location /yes'), get('/all', 'location /all')],
  },
  {
    name: 'regular expressions with PCRE syntax',
    http: server(at('/') + at('~ ^/(?P<app>[[:alpha:]]+)/ws$') + at('~ (?i)\\.SOCK$')),
    requests: [get('/chat/ws', 'location ~ ^/(?P<app>[[:alpha:]]+)/ws$'), get('/a.sock', 'location ~ (?i)\\.SOCK$')],
  },
]
