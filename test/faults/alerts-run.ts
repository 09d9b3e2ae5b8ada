/** One seeded run: a receiver that answers as it likes, and a sender that is killed as chance has it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { openSqliteStore } from '../../server/store/contract.ts'
import type { Body } from '../../server/alerts/message.ts'
import { Dice } from './dice.ts'

const PROBLEMS = 4
const EPISODES = 4
const ANSWERS = ['200', '204', '429', '429+', '500', '503', 'hang', 'close', 'cut', '302', '307'] as const
const DEADLINE = 60_000

export interface AlertOutcome {
  seed: number
  kills: number
  requests: number
  duplicates: number
  /** How often it answered in each way. */
  answers: Record<string, number>
  /** One line each; none: all is well. */
  faults: string[]
}

interface Heard {
  id: string
  type: string
  body: string
  accepted: boolean
}

export async function alertRun(
  seed: number,
  { child, folder }: { child: string; folder: string },
): Promise<AlertOutcome> {
  const dice = new Dice(seed)
  const heard = new Map<string, Heard[]>()
  const answers: Record<string, number> = {}
  const sockets = new Set<Socket>()
  let calm = false
  const answer = (response: ServerResponse, one: Heard, socket: Socket): void => {
    // At the end it is better, or no run would end; it never is as it should be.
    const how = calm && !dice.oneIn(4) ? '200' : dice.pick(ANSWERS)
    answers[how] = (answers[how] ?? 0) + 1
    if (how === 'hang') {
      // Longer than a run would take ten seconds each: until the next kill, or for a while.
      setTimeout(() => socket.destroy(), 100 + dice.below(200)).unref()
    } else if (how === 'close') socket.destroy()
    else if (how === 'cut') {
      // It took the message, and nobody will ever know.
      one.accepted = true
      socket.end('HTTP/1.1 20')
    } else {
      one.accepted = how.startsWith('2')
      const location = how.startsWith('3') ? { location: '/elsewhere' } : {}
      const wait = how === '429+' ? { 'retry-after': '0.05' } : {}
      response.writeHead(Number.parseInt(how, 10), { ...location, ...wait }).end('x')
    }
  }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => (body += part))
    request.on('end', () => {
      const receiver = request.url ?? ''
      const { type } = JSON.parse(body) as Body
      const one = { id: String(request.headers['webhook-id']), type, body, accepted: false }
      heard.set(receiver, [...(heard.get(receiver) ?? []), one])
      answer(response, one, request.socket)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const dir = mkdtempSync(join(folder, `alerts-${seed}-`))
  const database = join(dir, 'h.sqlite')
  const faults: string[] = []
  let kills = 0
  const until = Date.now() + DEADLINE
  try {
    const toKill = 2 + dice.below(5)
    for (let done = false; !done;) {
      calm = kills >= toKill
      const sender = spawn(
        process.execPath,
        [child, database, url, String(seed * 100 + kills), String(PROBLEMS), String(EPISODES)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      let said = ''
      sender.stdout.setEncoding('utf8')
      sender.stdout.on('data', (part: string) => (said += part))
      const exited = once(sender, 'exit')
      if (!calm) {
        await once(sender.stdout, 'data')
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 100 + dice.below(500))), exited])
        if (sender.kill('SIGKILL')) kills++
        await exited
        continue
      }
      const late = setTimeout(() => sender.kill('SIGKILL'), Math.max(0, until - Date.now()))
      await exited
      clearTimeout(late)
      done = true
      if (!said.includes('done')) faults.push('it did not come to an end')
    }
    faults.push(...judge(database, heard))
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    rmSync(dir, { recursive: true, force: true })
  }
  const all = [...heard.values()].flat()
  const duplicates = all.length - new Set(all.map(({ id }) => id)).size
  return { seed, kills, requests: all.length, duplicates, answers, faults }
}

/** What was decided against what each receiver heard. */
function judge(database: string, heard: ReadonlyMap<string, readonly Heard[]>): string[] {
  const store = openSqliteStore(database)
  const faults: string[] = []
  const rows = store.problems()
  const { waiting, dead } = store.outboxCounts()
  store.close()
  if (rows.length !== PROBLEMS) faults.push(`${rows.length} of ${PROBLEMS} problems are stored`)
  if (waiting + dead > 0) faults.push(`${waiting} messages wait, ${dead} are dead`)
  for (const receiver of ['/a', '/b']) {
    const all = heard.get(receiver) ?? []
    const bodies = new Map<string, string>()
    for (const { id, body } of all) {
      if ((bodies.get(id) ?? body) !== body) faults.push(`${receiver}: two messages have the id ${id}`)
      bodies.set(id, body)
    }
    // A receiver that drops what it has: the first time it took a message counts.
    const taken = new Set<string>()
    const changes = new Map<string, string[]>()
    for (const { id, body, accepted } of all) {
      if (!accepted || taken.has(id)) continue
      taken.add(id)
      const { type, data } = JSON.parse(body) as Body
      for (const told of data.problems ?? (data.problem ? [{ ...data.problem, type }] : [])) {
        const what = `${told.type.replace('problem.', '')} ${told.count}`
        changes.set(told.id, [...(changes.get(told.id) ?? []), what])
      }
    }
    for (const { id, finding, state } of rows) {
      if (state !== 'resolved' || finding.count !== EPISODES) faults.push(`${id} ended as ${state} ${finding.count}`)
      const expected = Array.from({ length: EPISODES }, (_, n) => [`opened ${n + 1}`, `resolved ${n + 1}`]).flat()
      const told = changes.get(id) ?? []
      if (told.join() !== expected.join()) faults.push(`${receiver} heard of ${id}: ${told.join(', ')}`)
    }
  }
  return faults
}
