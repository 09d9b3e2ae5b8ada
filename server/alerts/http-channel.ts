/** A channel that is one HTTP request: what a file in channels/ has to say is the request, and what an answer means when
 *  its status does not say it. */
import type { z } from 'zod'
import type { Answer, Channel, Outgoing, Sending, Verdict } from './contract.ts'
import { DeliveryError } from './delivery-error.ts'
import type { Notice } from './message.ts'
import { post } from './post.ts'
import { verdict } from './verdict.ts'

interface HttpChannel<S extends z.ZodObject> {
  id: string
  description: string
  settings: S
  groups?: boolean
  spacing?: number
  /** Pure. */
  request(notice: Notice, settings: z.output<S>, sending: Sending): Outgoing
  /** What the answer means, after the status was judged. */
  judge?(answer: Answer, byStatus: Verdict): Verdict
}

export type RequestOf<S extends z.ZodObject> = Channel & Pick<HttpChannel<S>, 'request'>

export function httpChannel<S extends z.ZodObject>(spec: HttpChannel<S>): RequestOf<S> {
  const { id, description, settings, groups = true, spacing = 0, request, judge } = spec
  return {
    id,
    description,
    settings,
    groups,
    spacing,
    request,
    async deliver(notice, given, options) {
      // Settings were checked by this schema when the configuration was read.
      const answer = await post(request(notice, given as z.output<S>, options), options)
      const byStatus = verdict(answer, options.now)
      const found = judge ? judge(answer, byStatus) : byStatus
      if (found === null) return { status: answer.status }
      const { reason, retry, gone, retry_after } = found
      throw new DeliveryError(reason, retry, { gone, retry_after, status: answer.status })
    },
  }
}
