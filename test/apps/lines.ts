/** All lines, by family of software. */
import type { AppLine } from './lines/app-line.ts'
import { GO } from './lines/go.ts'
import { NODE } from './lines/node.ts'
import { PLATFORMS } from './lines/platforms.ts'
import { PROXIES } from './lines/proxies.ts'
import { PYTHON } from './lines/python.ts'

export const LINES: readonly AppLine[] = [...GO, ...NODE, ...PYTHON, ...PLATFORMS, ...PROXIES]
