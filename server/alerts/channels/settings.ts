/** Settings that several channels have. */
import { z } from 'zod'
import { secretSetting } from '../secret.ts'

/** An address that is a secret: who knows it can post. */
export const secretUrl = secretSetting.refine((value) => isHttp(value.reveal()), { error: 'not an http or https URL' })
export const httpUrl = z.url({ protocol: /^https?$/, error: 'not an http or https URL' })

function isHttp(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol)
  } catch {
    return false
  }
}
