/** journald sources on a real journal, read by the real journalctl. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Chunk, Resume } from '../../server/tail/contract.ts'
import { sameEntry } from '../../server/tail/journald/entry.ts'
import { explainEnd } from '../../server/tail/journald/hints.ts'
import { journalArguments, parseJournalName } from '../../server/tail/journald/name.ts'
import { journald } from '../../server/tail/journald.ts'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { choose, RecordReader, zoneClock } from '../../server/scan/contract.ts'
import { until } from '../live/harness/deadline.ts'
import { describeWith } from '../needs.ts'
import { journalFolder, type JournalFolder } from './journal.ts'
import { listen, type Listening } from './pushed.ts'

const MINUTE = 60_000
const OTHER_BOOT = 'fedcba9876543210fedcba9876543210'
/** Long ago enough to be history, not so long that it is left out. */
const EARLIER = Date.now() - 10 * MINUTE

interface Shown {
  MESSAGE: string | number[] | null
}

const messages = ({ lines }: Listening): (string | null)[] =>
  lines.map(({ text }) => {
    const { MESSAGE } = JSON.parse(text) as Shown
    return Array.isArray(MESSAGE) ? Buffer.from(MESSAGE).toString('latin1') : MESSAGE
  })

const numbered = (from: number, to: number, time = Date.now() + MINUTE) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ message: `line ${from + i}`, time: time + i }))
const names = (from: number, to: number) => numbered(from, to).map(({ message }) => message)

function follow(
  journal: JournalFolder,
  {
    what = 'nginx.service',
    resume = null,
    onChunk,
  }: { what?: string; resume?: Resume | null; onChunk?: (chunk: Chunk) => void } = {},
): Listening {
  const name = `journald:${what}?directory=${journal.path}`
  return listen((options) => journald.open(name, options), { resume, ...(onChunk ? { onChunk } : {}) })
}

/** Process ids of the journalctl that reads this folder. */
function journalctls(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return program === 'journalctl' && args.includes(`--directory=${folder}`)
      } catch {
        // It ended while we were looking.
        return false
      }
    })
    .map(Number)
}

const running = (folder: string): Promise<number> => until('journalctl runs', () => journalctls(folder)[0] ?? null)

describe('names', () => {
  it.each([
    ['journald:nginx.service', { match: '--unit=nginx.service', directory: null }],
    ['journald:*', { match: null, directory: null }],
    ['journald:web@1.service?directory=/host/log', { match: '--unit=web@1.service', directory: '/host/log' }],
    ['journald:CONTAINER_NAME=portainer', { match: 'CONTAINER_NAME=portainer', directory: null }],
  ])('%s', (name, expected) => {
    expect(parseJournalName(name)).toEqual(expected)
  })
  it.each([
    'journald:',
    'journald',
    'journald:a b',
    'journald:-f\n',
    'journald:x?directory=here',
    'journald:?directory=/x',
  ])('%j makes no sense', async (name) => {
    await expect(journald.find(name)).rejects.toThrow(/expected journald:UNIT|absolute path/)
  })
  it('never become options of journalctl', () => {
    const options = journalArguments(parseJournalName('journald:--file'), { cursor: '--x' })
    expect(options.slice(-2)).toEqual(['--cursor=--x', '--unit=--file'])
  })
})

it('an entry is known again when the journal moved from /run to /var', () => {
  expect(sameEntry('s=1;i=4;b=0;m=a;t=6;x=2', 's=2;i=9;b=0;m=a;t=6;x=2')).toBe(true)
  expect(sameEntry('s=1;i=4;b=0;m=a;t=6;x=2', 's=1;i=5;b=0;m=b;t=7;x=2')).toBe(false)
  expect(sameEntry('s=1', 's=2')).toBe(false)
})

describeWith(['journalctl', 'journal'], 'a real journal', ({ journalctl }) => {
  it('what is there is history, what comes is live, other units are left out', async () => {
    const journal = journalFolder()
    await journal.write(numbered(1, 3, EARLIER))
    await journal.write([{ message: 'another unit', unit: 'ssh.service', time: EARLIER }])
    const it = follow(journal)
    await it.source.poll()
    expect(messages(it)).toEqual(names(1, 3))
    await journal.write(numbered(4, 5))
    await it.have(5)
    expect(messages(it)).toEqual(names(1, 5))
    expect(it.lines.map(({ history }) => history)).toEqual([true, true, true, false, false])
    expect(it.lines.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5])
    expect(it.source.status()).toMatchObject({ state: 'idle', hint: null })
  })

  it('at first sight entries that are older than asked for are left out', async () => {
    const journal = journalFolder()
    await journal.write(numbered(1, 3, EARLIER - 60 * MINUTE))
    await journal.write(numbered(4, 5, EARLIER))
    const name = `journald:*?directory=${journal.path}`
    const it = listen((options) => journald.open(name, { ...options, history_since: EARLIER - MINUTE }))
    await it.source.poll()
    expect(messages(it)).toEqual(names(4, 5))
  })

  it('the lines are what the journald-json envelope reads', async () => {
    const journal = journalFolder()
    const access = '127.0.0.1 - - [21/Nov/2026:06:31:45 +0000] "GET /ws HTTP/1.1" 101 3 "-" "-"'
    await journal.write([{ message: access, time: Date.parse('2026-11-21T06:31:45Z') }])
    const it = follow(journal)
    await it.have(1)
    const reader = new RecordReader({
      path: 'x',
      parsers: choose({ format: null, logFormat: null }),
      shift: zoneClock('UTC').follow(null),
    })
    const kinds: string[] = []
    reader.read(
      Buffer.from(`${it.texts()[0]}\n`),
      1,
      emptyEvidence(true),
      (events) => {
        kinds.push(...events.map(({ kind }) => kind))
      },
      true,
    )
    expect(kinds).toContain('handshake_ok')
  })

  it('goes on exactly where it was left, across a reboot', async () => {
    const journal = journalFolder()
    await journal.write(numbered(1, 4, EARLIER))
    const first = follow(journal)
    await first.have(4)
    await first.source.close()
    await journal.write(numbered(5, 6))
    await journal.write(numbered(7, 9).map((entry) => ({ ...entry, boot: OTHER_BOOT })))
    const second = follow(journal, { resume: first.saved() })
    await second.have(5)
    await journal.write([{ message: 'the last', time: Date.now() + 2 * MINUTE, boot: OTHER_BOOT }])
    await second.have(6)
    expect(messages(second)).toEqual([...names(5, 9), 'the last'])
    expect(second.lines[0]).toMatchObject({ line: 5, offset: first.saved()?.seq, history: false })
    expect(second.saved()?.generation).toBe(first.saved()?.generation)
    expect(second.source.status().hint).toBe(null)
  })

  it('after any commit a new start reads the rest, and nothing twice', async () => {
    const journal = journalFolder()
    await journal.write(numbered(1, 40, EARLIER))
    for (const died of [1, 7, 39, 40]) {
      const saved: Resume[] = []
      let read = 0
      const first = listen(
        (options) =>
          journald.open(`journald:nginx.service?directory=${journal.path}`, {
            ...options,
            onChunk(chunk) {
              const ends = [...chunk.bytes].flatMap((byte, at) => (byte === 10 ? [at + 1] : []))
              const consumed = ends[died - read - 1]
              // On a busy machine the journal comes in pieces.
              read += ends.length
              if (consumed === undefined) return chunk.bytes.length
              saved.push({ generation: chunk.generation, ...chunk.after(consumed) })
              throw new Error('killed right after this commit')
            },
          }),
        {},
      )
      await until('a commit', () => saved.length > 0)
      const [resume] = saved
      await first.source.close()
      const second = follow(journal, { resume: resume as Resume })
      await second.source.poll()
      expect(messages(second), `after ${died}`).toEqual(died === 40 ? [] : names(died + 1, 40))
    }
  })

  it('entries without a text move the place on, bytes that are no UTF-8 come as they are', async () => {
    const journal = journalFolder()
    await journal.write([
      { message: 'first' },
      { fields: { COUNTER: '12', NOTE: '"MESSAGE": "__CURSOR":"s=evil"' } },
      { message: Buffer.from('caf\xe9 \x1b[31m', 'latin1') },
      { message: 'says "__CURSOR":"s=evil;i=1" and "MESSAGE":' },
    ])
    const it = follow(journal)
    await it.have(3)
    expect(messages(it)).toEqual(['first', 'caf\xe9 \x1b[31m', 'says "__CURSOR":"s=evil;i=1" and "MESSAGE":'])
    expect(JSON.stringify(it.saved()?.position)).not.toContain('evil')
  })

  it('a long text is whole up to 1 MiB; a longer one keeps its time and place', async () => {
    const journal = journalFolder()
    const long = 'x'.repeat(300_000)
    await journal.write([{ message: long }, { message: 'y'.repeat(1_500_000) }, { message: 'after it' }])
    const it = follow(journal)
    await it.have(3)
    expect(messages(it)).toEqual([long, null, 'after it'])
    expect(it.lines[1]?.text).toMatch(/^\{"__CURSOR":"s=.*","__REALTIME_TIMESTAMP":"\d+","MESSAGE":null\}$/)
    await it.source.close()
    const again = follow(journal, { resume: it.saved() })
    await again.source.poll()
    expect(messages(again)).toEqual([])
  })

  it('entries that were removed before they were read: goes on with the oldest there is, and says so', async () => {
    const journal = journalFolder()
    await journal.write(numbered(1, 3, EARLIER))
    const first = follow(journal)
    await first.have(3)
    await first.source.close()
    journal.remove()
    await journal.write(numbered(7, 9), 'later.journal')
    const second = follow(journal, { resume: first.saved() })
    await second.have(3)
    expect(messages(second)).toEqual(names(7, 9))
    await second.shows('idle', /no longer holds what followed/)
  })

  it('the first entry of a unit that had none is live, and until then the source says that there is none', async () => {
    const journal = journalFolder()
    await journal.write([{ message: 'x', unit: 'ssh.service' }])
    const it = follow(journal)
    await it.source.poll()
    await it.shows(
      'idle',
      /no entry of nginx\.service in the journal yet; look with: journalctl -D .* -u nginx\.service/,
    )
    await journal.write(numbered(1, 2))
    await it.have(2)
    expect(messages(it)).toEqual(names(1, 2))
    expect(it.lines.every(({ history }) => !history)).toBe(true)
    await it.shows('idle', null)
  })

  it('journald:* takes everything, FIELD=VALUE what has it', async () => {
    const journal = journalFolder()
    await journal.write([
      { message: 'a', unit: 'a.service' },
      { message: 'b', unit: 'docker.service', fields: { CONTAINER_NAME: 'portainer' } },
    ])
    const all = follow(journal, { what: '*' })
    const one = follow(journal, { what: 'CONTAINER_NAME=portainer' })
    await all.have(2)
    await one.source.poll()
    expect(messages(all)).toEqual(['a', 'b'])
    expect(messages(one)).toEqual(['b'])
  })

  it('a journal in a folder per machine, as the host has it', async () => {
    const host = journalFolder()
    const machine = join(host.path, '0123456789abcdef0123456789abcdef')
    mkdirSync(machine)
    await host.write(numbered(1, 2), '0123456789abcdef0123456789abcdef/system.journal')
    const it = follow(host)
    await it.have(2)
    expect(messages(it)).toEqual(names(1, 2))
  })

  it('journalctl is killed: said, started again, nothing lost or doubled', async () => {
    const journal = journalFolder()
    await journal.write(numbered(1, 3, EARLIER))
    const it = follow(journal)
    await it.have(3)
    const pid = await running(journal.path)
    process.kill(pid, 'SIGKILL')
    await it.shows('unreadable', /was killed by SIGKILL and is started again/)
    await journal.write(numbered(4, 6))
    await it.have(6)
    expect(messages(it)).toEqual(names(1, 6))
    await it.shows('idle', null)
    expect(await running(journal.path)).not.toBe(pid)
  })

  it('close ends journalctl', async () => {
    const journal = journalFolder()
    const it = follow(journal)
    await running(journal.path)
    await it.source.close()
    expect(journalctls(journal.path)).toEqual([])
    await it.source.close()
  })

  it('a folder that is not there yet', async () => {
    const journal = journalFolder()
    const path = join(journal.path, 'later')
    const it = listen((options) => journald.open(`journald:*?directory=${path}`, options))
    await it.source.poll()
    await it.shows('missing', /later does not exist \(yet\); is the journal of the host mounted there\?/)
    mkdirSync(path)
    await journal.write(numbered(1, 1), 'later/system.journal')
    await it.have(1)
  })

  it('a folder without a journal, until there is one', async () => {
    const journal = journalFolder()
    const it = follow(journal)
    await it.shows('missing', /^there are no journal files in .* \(yet\)$/)
    await journal.write(numbered(1, 2))
    await it.have(2)
    await it.shows('idle', null)
  })

  it('without journalctl', async () => {
    const journal = journalFolder()
    vi.stubEnv('PATH', journal.path)
    onTestFinished(() => void vi.unstubAllEnvs())
    const it = follow(journal)
    await it.source.poll()
    await it.shows('missing', /journalctl is not installed/)
    await it.source.close()
  })

  it.runIf(process.getuid?.() === 0)('without permission', async () => {
    const journal = journalFolder()
    await journal.write(numbered(1, 1))
    chmodSync(journal.path, 0o755)
    const name = parseJournalName(`journald:*?directory=${journal.path}`)
    const [code, stderr] = await new Promise<[number | null, string]>((resolve) => {
      const options = { uid: 65534, gid: 65534, timeout: 10_000 }
      const child = execFile(journalctl, journalArguments(name, { since: 0 }), options, (_error, _out, err) =>
        resolve([child.exitCode, err]),
      )
    })
    expect(explainEnd({ code, signal: null, error: null, stderr }, name)).toEqual({
      state: 'unreadable',
      hint: expect.stringMatching(
        /no permission to read the journal in .*: sudo usermod -aG systemd-journal/,
      ) as string,
    })
  })

  it('journalctl waits when commits are slow, and the lag is seen', async () => {
    const journal = journalFolder()
    const text = 'z'.repeat(2000)
    await journal.write(Array.from({ length: 5000 }, (_, n) => ({ message: `${n} ${text}`, time: EARLIER + n })))
    let broken = true
    const it = follow(journal, {
      onChunk() {
        if (broken) throw new Error('disk full')
      },
    })
    const { lag_bytes } = await it.shows('unreadable', /disk full/)
    expect(lag_bytes).toBeGreaterThan(0)
    // Of 10 MB a few are here; the rest is still in the journal.
    const held = await until('it stopped', async () => {
      const before = it.source.status().lag_bytes
      await new Promise((resolve) => setTimeout(resolve, 200))
      return it.source.status().lag_bytes === before ? before : null
    })
    expect(held).toBeLessThan(3 * 2 ** 20)
    broken = false
    await it.have(5000)
    expect(messages(it).map((message) => Number.parseInt(message ?? '', 10))).toEqual([...Array(5000).keys()])
    expect(it.source.status().lag_bytes).toBe(0)
  })
})
