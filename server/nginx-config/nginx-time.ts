/** nginx time values. Source: ngx_parse_time (core/ngx_parse.c), millisecond form. */

const TIME = /^(?:(\d+)w *)?(?:(\d+)d *)?(?:(\d+)h *)?(?:(\d+)m(?!s) *)?(?:(\d+)(?:s *| *(?=$)))?(?:(\d+)ms)? *$/
const UNIT_SECONDS = [604_800, 86_400, 3600, 60, 1, 0.001]

/** Seconds of a value such as `60`, `1h 30m` or `500ms`; null for what nginx refuses (`1.5s`, `-1`, `60S`, `1M`). */
export function nginxSeconds(text: string): number | null {
  const found = TIME.exec(text)
  if (!found || !/\d/.test(text)) return null
  const milliseconds = UNIT_SECONDS.reduce((sum, unit, i) => sum + Number(found[i + 1] ?? 0) * unit * 1000, 0)
  return Math.round(milliseconds) / 1000
}
