/** The marks of a window, from the API. */
import type { AlertDeliveries, Breakdown, ConfigState } from '../../server/http/wire.ts'
import { can } from '../features.ts'
import { marksOf, type Marks } from './marks.ts'
import type { Frame } from './series.ts'
import { queryOf, useAnswer } from './use-series.ts'

/** Messages that are looked at: more would be no marks but a surface. */
const MOST = 200

export function useMarks(frame: Frame): Marks {
  const lifecycle = useAnswer<Breakdown>(`series?metric=events&${queryOf(frame)}&kind=lifecycle`)
  const config = useAnswer<ConfigState>(can('/config') ? 'config' : null)
  const window = queryOf(frame).replace(/&step=\d+$/, '')
  const sent = useAnswer<AlertDeliveries>(
    can('/alerts/deliveries') ? `alerts/deliveries?limit=${MOST}&${window}` : null,
  )
  return marksOf(frame, lifecycle, config, sent)
}
