/** Syslog in datagrams: nobody waits, so what is lost has to be known. */
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { expect, it } from 'vitest'
import { Longest } from '../../server/tail/syslog/longest.ts'
import { dropsOf } from '../../server/tail/syslog/udp.ts'
import { syslog } from '../../server/tail/syslog.ts'
import { until } from '../live/harness/deadline.ts'
import { freePort } from '../live/harness/nginx.ts'
import { listen } from './pushed.ts'
import { receive, udp } from './receive.ts'

it('a datagram is a line, whatever is in it; an empty one is none', async () => {
  const it = await receive('udp')
  const { send } = udp(it.port)
  for (const text of [
    '',
    '\n',
    '<11>a\r\n',
    '<187>Nov 21 06:31:45 vm nginx: x\n<187>Nov 21 06:31:45 vm nginx: forged',
    'é\0',
  ])
    await send(text)
  await it.have(3)
  expect(it.texts()).toEqual(['<11>a', '<187>Nov 21 06:31:45 vm nginx: x <187>Nov 21 06:31:45 vm nginx: forged', 'é'])
})

it.each([
  [[2048, 300, 2048], /^since the start: 2 messages of 2,048 bytes, and none longer: probably cut by the sender/],
  [[2047], /^since the start: 1 message of 2,047 bytes, and none longer: probably cut by the sender or a relay$/],
])('messages of %o bytes are taken for cut', async (sizes, hint) => {
  const it = await receive('udp')
  const { send } = udp(it.port)
  for (const size of sizes) await send(`<11>${'x'.repeat(size - 4)}`)
  await it.have(sizes.length)
  await it.shows('idle', hint)
})

it.each([[[2048, 2048, 2500]], [[2000, 2000]], [[]]])('messages of %o bytes are not', (sizes) => {
  const longest = new Longest()
  for (const size of sizes) longest.add(size)
  expect(longest.note()).toBeNull()
})

it('goes on counting after a restart', async () => {
  const first = await receive('udp')
  const { send } = udp(first.port)
  await send('<11>a')
  await send('<11>b')
  await first.have(2)
  await first.source.close()
  const second = await receive('udp', { resume: first.saved(), port: first.port })
  await send('<11>c')
  await second.have(1)
  expect(second.lines).toEqual([{ text: '<11>c', history: false, line: 3, offset: 12 }])
  expect(second.saved()).toMatchObject({ generation: first.saved()?.generation, position: { received: 3 } })
})

it('a flood while nothing can be stored: memory stays flat, and every datagram is stored, or counted as lost', async () => {
  let broken = true
  const it = await receive('udp', {
    onChunk() {
      if (broken) throw new Error('disk full')
    },
  })
  const { send } = udp(it.port)
  const count = 30_000
  const text = 'x'.repeat(200)
  for (let n = 0; n < count; n += 100)
    await Promise.all(Array.from({ length: 100 }, (_, i) => send(`<11>${n + i} ${text}`)))
  expect(it.source.status().lag_bytes).toBeLessThan(2 * 2 ** 20)
  broken = false
  const lost = (): number => {
    const said = (it.source.status().hint ?? '').matchAll(/([\d,]+) messages? came/g)
    return [...said].reduce((sum, [, n]) => sum + Number(n?.replaceAll(',', '')), 0)
  }
  await until('all of it', () => lost() > 0 && it.lines.length + lost() === count, {
    state: () => `${it.lines.length} ${JSON.stringify(it.source.status())}`,
  })
  expect(it.lines.length).toBeGreaterThan(1000)
})

it.runIf(process.platform === 'linux')(
  'what comes faster than it is stored is lost, and how much is said',
  async () => {
    const it = await receive('udp', {
      onChunk() {
        const end = performance.now() + 100
        while (performance.now() < end);
      },
    })
    const count = 20_000
    const flood = `
    const socket = require('node:dgram').createSocket('udp4')
    let left = ${count}
    const next = () => left-- > 0 ? socket.send('<11>' + 'x'.repeat(300), ${it.port}, '127.0.0.1', next) : socket.close()
    next()`
    const failed = await new Promise<Error | null>((resolve) => execFile(process.execPath, ['-e', flood], resolve))
    expect(failed).toBe(null)
    const { hint } = await it.shows('idle', /came faster than they could be read/)
    expect(hint).toMatch(
      /^since the start: [\d,]+ messages? came faster than they could be read and the kernel threw them away \(its buffer has \d+ KiB: raise net\.core\.rmem_max\)$/,
    )
    const lost = (): number => Number(/([\d,]+) message/.exec(it.source.status().hint ?? '')?.[1]?.replaceAll(',', ''))
    await until('all of it', () => it.lines.length + lost() === count, {
      state: () => `${it.lines.length} ${JSON.stringify(it.source.status())}`,
    })
  },
)

it('reads what the kernel dropped from its table', () => {
  const table = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    ' 1234: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2 0000000000000000 5',
    ' 1235: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 78 2 0000000000000000 9',
  ].join('\n')
  expect(dropsOf(table, 5514, new Set(['78']))).toBe(9)
  expect(dropsOf(table, 5515, new Set(['78']))).toBe(0)
  expect(dropsOf('', 5514, new Set(['78']))).toBe(0)
})

it('a port that is taken: said, and tried again', async () => {
  const port = await freePort()
  const other = createSocket('udp4')
  await new Promise<void>((resolve) => other.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve()))
  const it = listen((options) => syslog.open(`syslog:udp://127.0.0.1:${port}`, options))
  await it.shows('unreadable', /udp port \d+ of 127\.0\.0\.1 is in use by another program/)
  await new Promise<void>((resolve) => other.close(() => resolve()))
  await it.shows('idle', null)
  await udp(port).send('<11>a')
  await it.have(1)
})
