/** Reports made by hand, for the text form. The lines are from real runs of nginx 1.22.1. */
import type { Finding, Report } from '../../server/diagnosis/contract.ts'

export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    id: '0123456789abcdef',
    cause: 'missing-upgrade-headers',
    title: 'nginx does not pass the WebSocket upgrade on',
    severity: 'error',
    confidence: 0.95,
    because: [
      "the application says the Connection header of the request had no 'upgrade' token: something in front of it removed it",
      'the browser asked for an upgrade and the backend answered 426',
    ],
    against: [],
    count: 12,
    first_seen: '2026-11-21T06:13:35.000Z',
    last_seen: '2026-11-21T06:15:02.000Z',
    scope: { server: 'app.test', path: '/ws', upstream: '127.0.0.1:53721', source: null },
    evidence: [
      {
        source: 'access.log',
        line: 1,
        text: '127.0.0.1 - - [21/Nov/2026:06:13:35 +0000] "GET /ws HTTP/1.1" 426 16 "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"',
      },
      {
        source: 'access.log',
        line: 9,
        text: '127.0.0.1 - - [21/Nov/2026:06:14:35 +0000] "GET /ws HTTP/1.1" 426 16 "-" "Mozilla/5.0"',
      },
      {
        source: 'portainer.log',
        line: 17,
        text: "level=info msg=\"2022/08/13 05:12:22 websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header\"",
      },
    ],
    alternatives: [
      {
        cause: 'edge-proxy',
        confidence: 0.2,
        check:
          'send the handshake to nginx itself, past whatever stands before it: a 101 there means the outer proxy strips the upgrade',
      },
    ],
    fix: {
      layer: 'nginx',
      summary:
        'Pass Upgrade and Connection on to the backend and speak HTTP/1.1 to it, in the block that carries proxy_pass.',
      directives: [
        {
          context: 'http',
          text: "map $http_upgrade $connection_upgrade {\n    default upgrade;\n    ''      close;\n}",
        },
        { context: 'location /ws', text: 'proxy_http_version 1.1;' },
        { context: 'location /ws', text: 'proxy_set_header Upgrade $http_upgrade;' },
        { context: 'location /ws', text: 'proxy_set_header Connection $connection_upgrade;' },
      ],
      snippet: null,
      patch: null,
      target: null,
      prepare: ['sudo cp -a /etc/nginx /etc/nginx.bak'],
      verify: [
        'sudo nginx -t && sudo systemctl reload nginx',
        "curl --http1.1 -isN --max-time 5 -H 'Host: app.test' -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==' http://127.0.0.1/ws | head -1",
      ],
      rollback: [
        'sudo rsync -a --delete /etc/nginx.before-halfopen/ /etc/nginx/',
        'sudo nginx -t && sudo systemctl reload nginx',
      ],
    },
    ...changes,
  }
}

export function report(changes: Partial<Report> = {}): Report {
  return {
    schema: 'halfopen.report/1',
    generated_at: '2026-11-21T08:00:00.000Z',
    window: { from: '2026-11-21T06:13:35.000Z', to: '2026-11-21T07:40:00.000Z' },
    resolution_seconds: 0,
    inputs: [
      {
        path: '/var/log/nginx/access.log',
        format: 'combined',
        bytes: 120_034,
        lines: 1234,
        parsed: 1234,
        unparsed: 0,
        from: null,
        to: null,
        unparsed_samples: [],
      },
      {
        path: 'portainer.log',
        format: 'portainer',
        bytes: 1200,
        lines: 21,
        parsed: 19,
        unparsed: 2,
        from: null,
        to: null,
        unparsed_samples: [{ line: 3, text: 'goroutine 1 [running]:', reason: 'no-match' }],
      },
    ],
    totals: {
      requests: 1234,
      handshakes: 56,
      upgraded: 44,
      failed_handshakes: 12,
      events: { handshake_ok: 44, abnormal_closure: 2 },
      status: { '101': 44, '426': 12 },
      session_seconds: { count: 44, p50: 61, p95: 299.4, max: 4210 },
    },
    findings: [
      finding(),
      finding({
        id: 'f'.repeat(16),
        cause: 'client-gone',
        title: 'Visitors close the page',
        severity: 'info',
        confidence: 0.7,
        count: 3,
        alternatives: [],
        fix: {
          layer: 'none',
          summary: 'Nothing to change: this is normal.',
          directives: [],
          snippet: null,
          patch: null,
          target: null,
          prepare: [],
          verify: [],
          rollback: [],
        },
      }),
    ],
    blind_spots: [
      {
        what: 'idle timeouts',
        why: 'error_log level is above info, so nginx does not say when it cuts an idle connection',
        change: 'error_log /var/log/nginx/error.log info;',
      },
    ],
    ...changes,
  }
}
