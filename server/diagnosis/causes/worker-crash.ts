/** A worker process of nginx died: every session it held ends at once, and no access line tells.
 *  Source: ngx_process_get_status, `exited on signal`. */
import { fixOf } from '../advice.ts'
import type { Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import { toldByApplication } from '../told-by-application.ts'

const SIGNS: Signs = {
  'worker-died': { weight: 0.95, text: 'a worker process of nginx was ended by a signal, with every session it held' },
}

export const workerCrash: Cause = {
  id: 'worker-crash',
  title: 'A worker process of nginx crashed or was killed',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/debugging_log.html',

  weigh: (view) => toldByApplication(view, SIGNS, 'error'),

  fix(w) {
    const killed = w.observations.some((o) => o.exemplars.some(({ text }) => /exited on signal 9\b/.test(text)))
    return fixOf({
      layer: 'host',
      summary: killed
        ? 'Signal 9 comes from outside: mostly the kernel, because memory ran out. Look at dmesg at that time, and at memory limits of the container or unit.'
        : 'nginx itself failed, mostly in a module that was added. Update nginx and its modules, take third-party modules out one by one, and keep a core dump (worker_rlimit_core, working_directory) for a report.',
      verify: [
        "sudo dmesg -T | grep -iE 'nginx|out of memory|killed process' | tail",
        'nginx -V 2>&1 | tr " " "\\n" | grep -i module',
      ],
    })
  },
}
