/** nginx refused a configuration: at a start it does not run, at a reload the old one goes on. Source: ngx_cycle.c
 *  (ngx_init_cycle keeps the old cycle), ngx_conf_file.c (ngx_conf_log_error: `… in FILE:LINE`). */
import { fixOf, TEST_AND_RELOAD } from '../advice.ts'
import type { Cause } from '../cause.ts'
import { startedSince } from '../started-since.ts'
import { countOf, times } from '../group.ts'

export const configNotApplied: Cause = {
  id: 'config-not-applied',
  title: 'nginx refuses its configuration: {what}',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/control.html#reconfiguration',

  weigh(view) {
    const observations = view.signs('config-refused')
    if (observations.length === 0) return []
    const text = observations[0]?.exemplars.at(-1)?.text ?? ''
    const what = text.replace(/^.*?\[emerg\] (?:\d+#\d+: )?/, '').slice(0, 120)
    return [
      {
        scope: { server: null, path: null, upstream: null },
        for: [
          {
            weight: 0.93,
            text: `nginx logged it as [emerg] ${times(countOf(observations))}; such a configuration is never used`,
          },
        ],
        against: [],
        observations,
        values: { what },
        ...startedSince(view, observations),
      },
    ]
  },

  fix: () =>
    fixOf({
      layer: 'nginx',
      summary:
        'Correct the line that nginx names (FILE:LINE at the end of the message), then test and reload. What you changed since the last good reload is not in effect.',
      verify: ['sudo nginx -t', TEST_AND_RELOAD],
    }),
}
