/** What becomes of each directive in a throw-away nginx. Data; what is not named here stays as it is. */

/** Main context: everything else there is about users, processes and files of the real nginx. */
export const KEPT_IN_MAIN = new Set(['worker_shutdown_timeout', 'thread_pool', 'timer_resolution', 'pcre_jit'])
/** Events context: the limit is part of what is tested, the rest is about the machine. */
export const KEPT_IN_EVENTS = new Set(['worker_connections', 'multi_accept'])

/** Their children are data, not directives: a key may be called `listen`. */
export const DATA_BLOCKS = new Set(['map', 'geo', 'split_clients', 'types', 'charset_map'])

/** Left out without a word: they say where files are, or how the real machine is used. */
export const SILENTLY_OUT = new Set(
  [
    'error_log open_log_file_cache lock_file client_body_temp_path proxy_temp_path fastcgi_temp_path',
    'uwsgi_temp_path scgi_temp_path aio directio disable_symlinks ssl_dhparam ssl_password_file ssl_crl',
    'ssl_session_ticket_key ssl_stapling ssl_stapling_file ssl_stapling_responder ssl_stapling_verify',
    'ssl_trusted_certificate ssl_engine ssl_ocsp ssl_ocsp_cache ssl_ocsp_responder proxy_ssl_crl',
    'proxy_ssl_password_file proxy_store dav_methods create_full_put_path state status_zone quic_host_key',
  ].flatMap((names) => names.split(' ')),
)

/** Left out, and said when it stands on the tested path: the proof does not cover it. */
export const OUT: ReadonlyMap<string, string> = new Map([
  ['proxy_bind', 'the local address does not exist here'],
  ['ssl_client_certificate', 'the proof has no client certificate'],
  ['ssl_verify_client', 'the proof has no client certificate'],
  ['ssl_verify_depth', 'the proof has no client certificate'],
])

/** Replaced by the stand-in's certificate. */
export const CERTIFICATES: ReadonlyMap<string, 'cert' | 'key'> = new Map([
  ['ssl_certificate', 'cert'],
  ['ssl_certificate_key', 'key'],
  ['proxy_ssl_certificate', 'cert'],
  ['proxy_ssl_certificate_key', 'key'],
  ['proxy_ssl_trusted_certificate', 'cert'],
])

/** Backends of other kinds, of modules too: nothing of the proof may reach them. */
export const OTHER_PASSES = /^(?!proxy_pass$)\w+_pass$/
/** Modules that call somebody by themselves: collectors of traces, issuers of certificates, licences. */
export const CALLERS =
  /^(?:otel_|opentracing|zipkin_|jaeger_|acme_|mgmt$|usage_report$|zone_sync|auth_ldap|ldap_server$)/

export const CACHE_PATHS = /^(?:proxy|fastcgi|uwsgi|scgi)_cache_path$/
/** Options of `listen` that decide what is spoken; the others are about sockets. */
export const LISTEN_OPTIONS = new Set(['default_server', 'default', 'ssl', 'http2', 'proxy_protocol'])
/** Parameters of an upstream's `server` that name services elsewhere. */
export const FOREIGN_PARAMETERS = /^(?:resolve|service=|route=|drain$)/

/** Directives of modules, and of newer versions, that an installed nginx may not know. Any other unknown directive is a
 *  mistake in the configuration, and must stay one. */
export const OPTIONAL_DIRECTIVES =
  /^(?:brotli|zstd|gunzip|more_(?:set|clear)_|geoip2?_|geoip2$|pagespeed|modsecurity|vod_|rtmp|http2|http3|quic_|keyval|status_zone|health_check|match$|zone_sync|sticky|auth_jwt|auth_oidc|oidc_|otel_|opentracing|vhost_traffic|passenger|proxy_cache_purge|dav_ext|fancyindex|echo|redis|srcache|upload|rds_|xss_|encrypted_|set_misc|set_(?:md5|sha1|base|escape|unescape|random|hex|hmac|encode|decode|secure|if_empty|cookie)|iconv|SecRules|MainRule|BasicRule|CheckRule|DeniedUrl|subs_filter|image_filter|xslt_|xml_entities|ssl_ct|ssl_ech|ssl_early_data|ssl_object_cache|ssl_certificate_cache|ssl_conf_command|ssl_reject_handshake|add_header_inherit|add_trailer_inherit|keepalive_min_timeout|proxy_cookie_flags|proxy_ssl_conf_command|early_hints|proxy_request_dynamic|max_headers|internal_redirect|nginx_api|api$|mgmt|acme_)/
