import { expect, it } from 'vitest'
import { directiveDiff, pasteable, patchDiff } from '../../web/text/diff.ts'

const signs = (patch: string) => patchDiff(patch).map(({ sign, text }) => `${sign} ${text}`)

it('tells file names of a patch from removed lines that begin with dashes', () => {
  const patch = `--- a/one.conf
+++ b/one.conf
@@ -1,2 +1,2 @@
 server {
--- an odd comment
+    listen 80;
--- a/two.conf
+++ b/two.conf
@@ -4 +4,2 @@
 }
+++ plus
\\ No newline at end of file
`
  expect(signs(patch)).toEqual([
    'place --- a/one.conf',
    'place +++ b/one.conf',
    'place @@ -1,2 +1,2 @@',
    'same server {',
    'remove -- an odd comment',
    'add     listen 80;',
    'place --- a/two.conf',
    'place +++ b/two.conf',
    'place @@ -4 +4,2 @@',
    'same }',
    'add ++ plus',
    'place \\ No newline at end of file',
  ])
})

const DIRECTIVES = [
  { context: 'location that serves /ws', text: 'proxy_http_version 1.1;' },
  { context: 'http', text: 'map $http_upgrade $connection_upgrade {\n    default upgrade;\n}' },
  { context: 'location that serves /ws', text: 'proxy_set_header Upgrade $http_upgrade;' },
]

it('groups directives by their block', () => {
  expect(directiveDiff(DIRECTIVES).map(({ sign, text }) => `${sign} ${text}`)).toEqual([
    'place # in location that serves /ws',
    'place # replace the line if it is there already: proxy_http_version',
    'add proxy_http_version 1.1;',
    'add proxy_set_header Upgrade $http_upgrade;',
    'place # in http',
    'add map $http_upgrade $connection_upgrade {',
    'add     default upgrade;',
    'add }',
  ])
})

it('pastes as config: places are comments, also when a name tries to leave its line', () => {
  const hostile = [{ context: 'location that serves /ws\nroot /;', text: 'proxy_http_version 1.1;' }]
  expect(pasteable(hostile)).toBe(
    '# in location that serves /ws\\u{A}root /;\n# replace the line if it is there already: proxy_http_version\nproxy_http_version 1.1;',
  )
  expect(pasteable(DIRECTIVES).split('\n').slice(0, 5)).toEqual([
    '# in location that serves /ws',
    '# replace the line if it is there already: proxy_http_version',
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    '',
  ])
})
