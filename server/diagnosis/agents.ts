/** What the agent in a kept line tells. Lines of an error log and of short formats have none. */
import type { Occurrences } from './contract.ts'

/** Programs that fetch pages and open no WebSocket: scanners, crawlers, monitors. Go-http-client is none of them: one of
 *  Go's WebSocket libraries sends it. A WebSocket library in any language may send no agent at all. */
const TOOL =
  /(?:curl|Wget|python-requests|Python-urllib|libwww-perl|Scrapy|zgrab|masscan|Nmap|Nikto|Nuclei|httpx|l9explore|CensysInspect|InternetMeasurement|Uptime-Kuma|UptimeRobot|Pingdom\w*|StatusCake|Site24x7|Better Uptime \w+|check_http|ELB-HealthChecker|GoogleHC|kube-probe|Blackbox[- ]Exporter|monit|\w{1,40}(?:bot|crawler|spider))\/v?\d|zgrab\/0\.x/i
const BROWSER = /Mozilla\/5\.0 \((?!compatible)/

/** Of the lines that are kept (five a place): `tools` when each names such a program, `browsers` when one names a browser. */
export function agentsOf(places: readonly Pick<Occurrences, 'exemplars'>[]): 'tools' | 'browsers' | null {
  const lines = places.flatMap(({ exemplars }) => exemplars.map(({ text }) => text))
  if (lines.length === 0) return null
  if (lines.every((text) => TOOL.test(text))) return 'tools'
  return lines.some((text) => BROWSER.test(text) && !TOOL.test(text)) ? 'browsers' : null
}

/** No line is a browser's and some are such a program's; the others say nothing of themselves. */
export function withoutBrowser(places: readonly Pick<Occurrences, 'exemplars'>[]): boolean {
  return (
    agentsOf(places) !== 'browsers' && places.some(({ exemplars }) => exemplars.some(({ text }) => TOOL.test(text)))
  )
}

/** Every line is a browser's, or of somebody who says so. */
export function onlyBrowsers(places: readonly Pick<Occurrences, 'exemplars'>[]): boolean {
  const lines = places.flatMap(({ exemplars }) => exemplars.map(({ text }) => text))
  return lines.length > 0 && lines.every((text) => BROWSER.test(text) && !TOOL.test(text))
}
