/** Where rotated logs lie that are not beside their live one. */
import path from 'node:path'

/** What logrotate's `olddir` is called where it lies beside the logs. It may be anywhere, but looking into every folder of
 *  /var/log whenever a log is rotated costs more than the other names are worth. */
export const OLD_FOLDERS = [
  'old',
  'olddir',
  'archive',
  'archives',
  'archived',
  'rotated',
  'backup',
  'backups',
  'history',
]

/** The folder of the live log. */
export const homeOf = (file: string): string => {
  const folder = path.dirname(file)
  return OLD_FOLDERS.includes(path.basename(folder)) ? path.dirname(folder) : folder
}
