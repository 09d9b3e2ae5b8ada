/** The ways logs are rotated here, by logrotate itself. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Rotation {
  name: string
  /** Lines of a logrotate configuration. */
  options: readonly string[]
  /** The writer goes on in the renamed file until it reopens. */
  renames: boolean
}

const dated = ['dateext', 'dateformat -%Y%m%d-%s']
export const ROTATIONS: readonly Rotation[] = [
  { name: 'create', options: ['create'], renames: true },
  { name: 'nocreate', options: ['nocreate'], renames: true },
  { name: 'create dateext', options: ['create', ...dated], renames: true },
  { name: 'create compress', options: ['create', 'compress'], renames: true },
  { name: 'create compress delaycompress', options: ['create', 'compress', 'delaycompress'], renames: true },
  { name: 'create compress dateext', options: ['create', 'compress', ...dated], renames: true },
  { name: 'copytruncate', options: ['copytruncate'], renames: false },
  { name: 'copytruncate compress', options: ['copytruncate', 'compress'], renames: false },
  { name: 'copytruncate dateext', options: ['copytruncate', ...dated], renames: false },
  {
    name: 'copytruncate compress delaycompress',
    options: ['copytruncate', 'compress', 'delaycompress'],
    renames: false,
  },
]

export class Logrotate {
  private readonly program: string
  private readonly argv: string[]

  constructor(program: string, folder: string, paths: readonly string[], { options }: Rotation) {
    const config = join(folder, 'logrotate.conf')
    const body = ['rotate 100', 'missingok', ...options].map((line) => `  ${line}\n`).join('')
    writeFileSync(config, paths.map((path) => `${path} {\n${body}}\n`).join(''), { mode: 0o644 })
    this.program = program
    this.argv = ['--force', '--state', join(folder, 'state'), config]
  }

  /** Resolves to false when there was no rotation: dated names are given once a second. */
  run(): Promise<boolean> {
    return new Promise((resolve, reject) =>
      execFile(this.program, this.argv, (error, _stdout, stderr) => {
        if (error === null) resolve(true)
        else if (stderr.includes('already exists, skipping rotation')) resolve(false)
        else reject(error)
      }),
    )
  }
}
