/** What lines of common signs prove, and what they do not: sign → one sentence. Sources: as at the signs; what is said
 *  not to follow was found in real runs and in threads where it had been concluded wrongly. */
export const PROOFS: Readonly<Record<string, string>> = {
  'handshake-101': 'Proves that the upgrade reached the backend and was accepted; not how the session ended.',
  'handshake-101-at-close':
    'Proves that an upgrade was accepted; without $request_time not when the session began or how long it was.',
  'session-closed': 'Proves how long the session was; not who ended it, and equal lengths only hint at a timeout.',
  'session-cut':
    'Proves that nginx itself broke the session off: worker_shutdown_timeout, a failed write, or a visitor who did not read.',
  'plain-http-page':
    "Has the size of nginx's page for plain http at a TLS port; another page of that size would look the same.",
  'static-not-found':
    'Proves that the location that won serves files; not that a WebSocket client asked: scanners look for such paths, too.',
  'worker-exited': 'Proves that a worker of nginx ended in order; of sessions that it ended the access log may tell.',
  'handshake-refused':
    'Proves that the client asked for an upgrade and got another answer; not whether the header reached the backend.',
  'handshake-refused-known-url':
    'The URL makes an upgrade likely; without $http_upgrade in the log it does not prove that one was asked for.',
  'engine-io-no-upgrade':
    "Has the size of Engine.IO's `Bad request`, which a WebSocket request gets that comes without its upgrade; a browser tab on that URL gets it, too.",
  'engine-io-upgrade-refused':
    'Has the size of what Engine.IO says to a transport, version or request that it does not allow; a lost upgrade gets another answer.',
  'engine-io-version-refused':
    'Has the size of what Engine.IO says to a client of another generation (EIO=3 and EIO=4).',
  'engine-io-session-unknown':
    "Has the size of Engine.IO's `Session ID unknown`: a process that does not know the session, because another one has it, or because it was restarted.",
  'handshake-426': 'Proves that the server saw no acceptable upgrade; not which hop lost it.',
  'upgrade-lost-before-nginx':
    'Proves that the request came to this nginx without its Upgrade header: an outer hop, or no browser at all.',
  'client-left-handshake-499':
    'Proves that the client gave up before an answer came; not whether it or the backend was slow.',
  'upgraded-idle-timeout':
    'Proves that nginx cut an open session because nothing came from the backend for proxy_read_timeout; not that the application failed.',
  'upgraded-client-stalled': 'Proves that the visitor stopped reading for longer than proxy_send_timeout.',
  'upgraded-backend-reset':
    'Proves that the backend side ended an open session with a reset; not whether it crashed, restarted or was killed.',
  'upgraded-client-reset': "Proves that the visitor's side ended with a reset: a closed laptop does that, too.",
  'upgraded-backend-vanished': 'Proves that the backend host stopped answering on TCP; not that its process failed.',
  'upgraded-client-vanished': "Proves that the visitor's host stopped answering on TCP; nothing in nginx to change.",
  'connect-refused': 'Proves that nothing listened at that address at that moment; not why.',
  'connect-unreachable': 'Proves that the network or a firewall kept nginx from the backend; not that it is down.',
  'connect-timeout': 'Proves that nobody answered the TCP connect in time; a firewall that drops looks the same.',
  'no-live-upstreams':
    'Proves that nginx had marked every server of the group as failed; the reason is in earlier lines.',
  'header-timeout':
    'Proves that the backend took the request and sent no answer within proxy_read_timeout; not that the upgrade was lost.',
  'header-premature-close':
    'Proves that the backend closed before it answered; a refused upgrade, a crash and a TLS port all look so.',
  'header-reset': 'Proves that the backend reset the connection before it answered; not why.',
  'tls-wrong-version': 'Proves that https:// in proxy_pass leads to a port without TLS.',
  'name-not-resolved': "Proves that the resolver gave no address for the backend's name at that moment.",
  'client-left-handshake': 'Proves that the visitor left before the backend had answered; normal unless it clusters.',
  'variable-undefined': 'Proves that nginx refused this configuration; the one before it may still run.',
  'worker-connections': 'Proves that connections were refused for lack of slots; every proxied session takes two.',
  reload: 'Proves that a reload was asked for; not that the new configuration was accepted.',
  'app-connection-token-missing':
    'Proves that the Connection header came to the application without "upgrade"; not which hop lost it.',
  'app-upgrade-token-missing': 'Proves that the Upgrade header did not reach the application; not which hop lost it.',
  'app-http10-handshake': 'Proves that the handshake came as HTTP/1.0: proxy_http_version 1.1 is missing on some hop.',
  'app-origin-refused':
    'Proves that the application refused the Origin it saw; the headers arrived, so the upgrade is not the problem.',
  'app-agent-unreachable':
    "Proves that the application could not reach its own remote; the visitor's leg through nginx is not concerned.",
  'app-session-unknown':
    'Proves that a request met a process that does not know its session: several backends, or a restart.',
  'app-1006': 'Proves only that TCP ended without a close frame; idle cuts, crashes and closed laptops all look so.',
  'app-copy-failed': 'Proves that one direction of a session ended; the direction is a hint, no proof of who ended it.',
  'app-plain-get-on-socket':
    'Proves that a GET without a usable upgrade came to a socket; a browser tab on that URL does that, too.',
}
