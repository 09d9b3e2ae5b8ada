/** Which SQLite driver this Node.js can load. better-sqlite3 13 needs Node-API 10 and *crashes* Node 20 the moment a
 *  database is opened, without a message, so there is no falling through from one to the other. */
import { createRequire } from 'node:module'
import type Database from 'better-sqlite3'
import { StoreError } from '../store-error.ts'

export type Db = Database.Database
export type Statement<Bind extends unknown[] = unknown[], Row = unknown> = Database.Statement<Bind, Row>

/** `require`. */
type Load = (name: string) => unknown

/** The package to load for a Node-API version; the second one is an alias of better-sqlite3 12.9. */
export const driverFor = (napi: number): string => (napi >= 10 ? 'better-sqlite3' : 'better-sqlite3-node20')

const requireHere: Load = createRequire(import.meta.url)

/** Opens the file, which must exist. Throws StoreError('database-no-driver') when the driver cannot be loaded; SQLite's
 *  own errors pass through. `load` is `require`, for tests of machines without a driver. */
export function openDriver(file: string, load: Load = requireHere): Db {
  return new (loadDriver(load))(file, { timeout: 5000 })
}

/** The same for somebody who only looks, beside a server that writes. */
export function openReadOnly(file: string): Db {
  return new (loadDriver(requireHere))(file, { timeout: 5000, readonly: true, fileMustExist: true })
}

/** The same for one who does not wait: the lock of another is an answer. */
export function openImpatient(file: string): Db {
  return new (loadDriver(requireHere))(file, { timeout: 0 })
}

function loadDriver(load: Load): typeof Database {
  const name = driverFor(Number(process.versions.napi))
  try {
    const driver = load(name) as typeof Database
    // The package is plain JavaScript; its binary is only loaded with the first database.
    new driver(':memory:').close()
    return driver
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why = code === 'MODULE_NOT_FOUND' ? 'is not installed' : `cannot be loaded (${firstLine(error)})`
    const what =
      name === 'better-sqlite3'
        ? 'install again with npm ci; its binaries need glibc 2.34 or newer, musl, macOS or Windows'
        : 'use Node.js 22.14 or newer, or install a C++ compiler (Debian: apt-get install python3 make g++) and run npm ci'
    throw new StoreError(
      'database-no-driver',
      `the SQLite driver ${name} for Node.js ${process.version} ${why}; ${what}`,
    )
  }
}

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? ''
