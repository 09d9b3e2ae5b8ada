/** What the rest of the server may use of fix. */
export { backupHome, type Backup } from './backups.ts'
export { covers } from './covers.ts'
export { changesOf, FixError, interrupted, test, undo, wayIn, write, type Change, type Written } from './fix.ts'
export { generatedBy, type Generated } from './generated.ts'
export { reload, type Tested } from './nginx.ts'
