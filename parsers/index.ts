/** The registry, in the order detection tries them: strict heads first, so that no format can claim another's lines. */
import { accessPresets } from './nginx/access-presets.ts'
import { jsonAccess } from './nginx/access-json.ts'
import { variantAccess } from './nginx/access-variant.ts'
import { nginxError } from './nginx/error.ts'
import { keyValueAccess } from './nginx/key-value.ts'
import { portainer } from './apps/portainer.ts'
import type { Parser } from './parser.ts'

export const PARSERS: readonly Parser[] = [
  nginxError,
  ...accessPresets,
  keyValueAccess,
  jsonAccess,
  portainer,
  variantAccess,
]
