/** `$request` into its parts. Source: ngx_http_parse_request_line; what it refuses is logged all the same. */
import type { AccessFields } from '../record.ts'

/** Sets method, URI and protocol from the decoded request line. What is no request line (empty, binary, TLS on a plain
 *  port) goes into `request` as it stands in the log. */
export function splitRequest(fields: AccessFields, request: string, raw: string): void {
  const methodEnd = request.indexOf(' ')
  const uriEnd = request.lastIndexOf(' ')
  if (methodEnd > 0 && isMethod(request, methodEnd)) {
    if (uriEnd > methodEnd + 1 && isProtocol(request, uriEnd + 1) && request.charCodeAt(methodEnd + 1) !== 32) {
      fields.request_method ??= request.slice(0, methodEnd)
      fields.request_uri ??= request.slice(methodEnd + 1, uriEnd)
      fields.server_protocol ??= request.slice(uriEnd + 1)
      return
    }
    // HTTP/0.9, and lines cut by a tool: without a protocol only a path or a URL is taken for a URI.
    if (uriEnd === methodEnd && /^(?:\/|\*$|[a-z][a-z0-9+.-]*:\/\/)/i.test(request.slice(methodEnd + 1))) {
      fields.request_method ??= request.slice(0, methodEnd)
      fields.request_uri ??= request.slice(methodEnd + 1)
      return
    }
  }
  fields.request = raw
}

function isMethod(text: string, end: number): boolean {
  if (end > 32) return false
  for (let i = 0; i < end; i++) {
    const c = text.charCodeAt(i)
    const letter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122)
    if (!letter && (i === 0 || (c !== 45 && c !== 95))) return false
  }
  return true
}

/** `HTTP/1.1`, `HTTP/2.0`, `HTTP/3`. */
function isProtocol(text: string, at: number): boolean {
  return text.startsWith('HTTP/', at) && /^\d(?:\.\d)?$/.test(text.slice(at + 5))
}
