import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Runtime, type Step, type Time } from '#coordinators'

/** A sum; one that wants to be woken adds a thousand then. Tickets of those who wait for more. */
interface Sum {
  total: number
  wakeAt: number | null
  waiting: readonly number[]
}
interface Added {
  id: string
  by: number
}

class TestStore {
  readonly writes: { changes: readonly Added[]; finish(): void; fail(): void }[] = []
  readonly totals = new Map<string, number>()
  loads = 0

  write(changes: readonly Added[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        for (const { id, by } of changes) this.totals.set(id, (this.totals.get(id) ?? 0) + by)
        resolve()
      }
      this.writes.push({ changes, finish, fail: () => reject(new Error('no room')) })
    })
  }

  async load(id: string): Promise<Sum | null> {
    this.loads += 1
    const total = this.totals.get(id)
    return total === undefined ? null : { total, wakeAt: null, waiting: [] }
  }
}

class TestTime implements Time {
  now = 0
  timers: { atMs: number; task: () => void }[] = []
  nowMs = (): number => this.now
  endOfTurn = (task: () => void): void => {
    setImmediate(task)
  }
  after = (delayMs: number, task: () => void) => {
    const timer = { atMs: this.now + delayMs, task }
    this.timers.push(timer)
    const cancel = (): void => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
    return { cancel }
  }
  pass(ms: number): void {
    this.now += ms
    const due = this.timers.filter(({ atMs }) => atMs <= this.now)
    this.timers = this.timers.filter(({ atMs }) => atMs > this.now)
    for (const { task } of due) task()
  }
}

const step = (sum: Sum, reply: number | null, changes: Added[] = []): Step<Sum, number, Added> => ({
  machine: sum,
  reply,
  changes,
  wakeAt: sum.wakeAt,
})
const none: Sum = { total: 0, wakeAt: null, waiting: [] }

const begin = () => {
  const store = new TestStore()
  const time = new TestTime()
  const runtime = new Runtime<Sum, number, Added>(store, time, {
    loaded: (sum) => step(sum, null),
    woken: (sum) => step({ ...sum, total: sum.total + 1000, wakeAt: null }, null),
    isIdle: ({ wakeAt, waiting }) => wakeAt === null && waiting.length === 0,
  })
  const add = (id: string, by: number): Promise<number> =>
    runtime.run(id, (sum) => {
      const { total, waiting } = sum ?? none
      const next = { total: total + by, wakeAt: null, waiting: [] }
      const settled = waiting.map((ticket) => ({ ticket, reply: next.total }))
      return { ...step(next, next.total, [{ id, by }]), settled }
    })
  const read = (id: string): Promise<number> =>
    runtime.run(id, (sum) => step(sum ?? none, sum?.total ?? 0))
  const next = (id: string): Promise<number> =>
    runtime.run(id, (sum, _, ticket) => {
      const before = sum ?? none
      return step({ ...before, waiting: [...before.waiting, ticket] }, null)
    })
  const wakeIn = (id: string, ms: number): Promise<number> =>
    runtime.run(id, (sum, nowMs) => step({ ...(sum ?? none), wakeAt: nowMs + ms }, 0))
  return { store, time, runtime, add, read, next, wakeIn }
}

/** Says whether a promise has settled by the end of the turn. */
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false
  const note = (): void => {
    settled = true
  }
  promise.then(note, note)
  await turn()
  await turn()
  return settled
}

test('commands of one turn share a round, and are answered when it is durable', async () => {
  const { store, add } = begin()
  const answers = Promise.all([add('a', 1), add('b', 2), add('a', 3)])
  equal(await isSettled(answers), false)
  equal(store.writes.length, 1)
  equal(store.writes[0]!.changes.length, 3)
  store.writes[0]!.finish()
  deepEqual(await answers, [1, 2, 4])
})

test('while one round runs the next gathers, and a command sees what is not durable yet', async () => {
  const { store, add } = begin()
  const first = add('a', 1)
  await isSettled(first)
  const second = add('a', 1)
  const third = add('b', 1)
  equal(await isSettled(second), false)
  equal(store.writes.length, 1)
  store.writes[0]!.finish()
  equal(await first, 1)
  equal(await isSettled(second), false)
  equal(store.writes.length, 2)
  store.writes[1]!.finish()
  deepEqual(await Promise.all([second, third]), [2, 1])
})

test('what is asked while a machine is loaded is waited for, too', async () => {
  const { store, runtime, add } = begin()
  const added = add('a', 1)
  const durable = runtime.durable('a')
  equal(await isSettled(durable), false)
  store.writes[0]!.finish()
  await durable
  equal(await added, 1)
})

test('an answer that changes nothing waits for what it has seen, and for nothing else', async () => {
  const { store, add, read } = begin()
  const added = add('a', 1)
  equal(await isSettled(read('b')), true)
  const seen = read('a')
  equal(await isSettled(seen), false)
  store.writes[0]!.finish()
  deepEqual(await Promise.all([added, seen]), [1, 1])
  equal(await isSettled(read('a')), true)
})

test('a store that fails takes the machine with it, and the next command loads it anew', async () => {
  const { store, add, read, next } = begin()
  const first = add('a', 5)
  await isSettled(first)
  store.writes[0]!.finish()
  await first
  const parked = next('a')
  const lost = add('b', 1)
  await isSettled(lost)
  const other = add('a', 1)
  const alsoLost = add('b', 1)
  const read1 = read('b')
  store.writes[1]!.fail()
  await rejects(lost, { errorName: 'COORDINATOR_NOT_AVAILABLE' })
  await rejects(alsoLost, { errorName: 'COORDINATOR_NOT_AVAILABLE' })
  await rejects(read1, { errorName: 'COORDINATOR_NOT_AVAILABLE' })
  await isSettled(other)
  deepEqual(store.writes[2]!.changes, [{ id: 'a', by: 1 }])
  store.writes[2]!.finish()
  deepEqual(await Promise.all([other, parked]), [6, 6])
  const loads = store.loads
  equal(await read('b'), 0)
  equal(store.loads, loads + 1)
})

test('whoever is parked on a machine that is lost hears of it', async () => {
  const { store, add, next } = begin()
  const parked = next('a')
  const added = add('b', 1)
  await isSettled(added)
  const settled = add('a', 1)
  store.writes[0]!.finish()
  await isSettled(settled)
  const again = next('a')
  await isSettled(again)
  store.writes[1]!.fail()
  await rejects(parked, { errorName: 'COORDINATOR_NOT_AVAILABLE' })
  await rejects(settled, { errorName: 'COORDINATOR_NOT_AVAILABLE' })
  await rejects(again, { errorName: 'COORDINATOR_NOT_AVAILABLE' })
})

test('commands that come while a machine is loaded run in their order, after one load', async () => {
  const { store, add, read } = begin()
  const first = read('a')
  const second = add('a', 2)
  const third = read('a')
  await isSettled(third)
  equal(store.loads, 1)
  store.writes[0]!.finish()
  deepEqual(await Promise.all([first, second, third]), [0, 2, 2])
})

test('a machine is woken at the earliest time that it asked for', async () => {
  const { time, read, wakeIn } = begin()
  await wakeIn('a', 100)
  await wakeIn('a', 50)
  time.pass(49)
  equal(await read('a'), 0)
  time.pass(1)
  equal(await read('a'), 1000)
  time.pass(1000)
  equal(await read('a'), 1000)
})

test('closing answers who is parked, waits for the rounds, and takes no more commands', async () => {
  const { store, runtime, add, next } = begin()
  const parked = next('b')
  const added = add('a', 1)
  await isSettled(added)
  const later = add('a', 1)
  const closed = runtime.close()
  await rejects(parked, { errorName: 'NOT_COORDINATOR' })
  await rejects(add('a', 1), { errorName: 'NOT_COORDINATOR' })
  equal(await isSettled(closed), false)
  store.writes[0]!.finish()
  await isSettled(closed)
  store.writes[1]!.finish()
  await closed
  deepEqual(await Promise.all([added, later]), [1, 2])
})
