/** The registry of causes: one file each. Order decides nothing; ranking does. */
import type { Cause } from '../cause.ts'
import { abnormalClosure } from './abnormal-closure.ts'
import { backendDown } from './backend-down.ts'
import { backendReset } from './backend-reset.ts'
import { backendSlow } from './backend-slow.ts'
import { clientGone } from './client-gone.ts'
import { configNotApplied } from './config-not-applied.ts'
import { connectionVariableUndefined } from './connection-variable-undefined.ts'
import { idleTimeout } from './idle-timeout.ts'
import { missingUpgradeHeaders } from './missing-upgrade-headers.ts'
import { unclassified } from './unclassified.ts'

export const CAUSES: readonly Cause[] = [
  missingUpgradeHeaders,
  connectionVariableUndefined,
  configNotApplied,
  idleTimeout,
  backendDown,
  backendSlow,
  backendReset,
  abnormalClosure,
  clientGone,
  unclassified,
]
