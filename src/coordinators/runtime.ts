// Runs state machines, one for each id (a group, a transactional id). A command is decided and its events
// are applied at once, so that the next command need not wait; what the events write is stored in rounds
// that many commands and ids share, and an answer is given when everything that it has seen is durable.
// A store that fails takes the machines of its round with it: who waits hears a retriable error, and the
// next command loads the machine anew.
import { kafkaError } from '#model'
import { idleMachinesMax } from './limits.ts'
import type { Settled } from './machine.ts'
import { type Answer, Round, type Waiter } from './round.ts'

/** Time as the runtime needs it. */
export interface Time {
  /** Milliseconds that never go back, near those since the epoch, so that they outlive a restart. */
  nowMs(): number
  after(delayMs: number, task: () => void): { cancel(): void }
  /** Runs `task` when the events of this turn of the loop have been seen. */
  endOfTurn(task: () => void): void
}

/** Where machines are kept. A write that settles is durable; one that rejects had no effect. */
export interface MachineStore<Machine, Change> {
  write(changes: readonly Change[]): Promise<void>
  /** The machine as it was stored; null when there is none. Sees every earlier write. */
  load(id: string): Promise<Machine | null>
}

/** What a command did to a machine, whose events have been applied. */
export interface Step<Machine, Reply, Change> {
  /** What there is from now on; null when there is none any longer. */
  readonly machine: Machine | null
  /** Null parks the command under its ticket. */
  readonly reply: Reply | null
  readonly settled?: readonly Settled<Reply>[]
  readonly changes: readonly Change[]
  /** When it wants to be woken, in ms; null when nothing is waited for. */
  readonly wakeAt: number | null
}

/** What is the same for all commands of a kind of machine. */
export interface Machinery<Machine, Reply, Change> {
  /** The first step of a machine that comes from the store. */
  loaded(machine: Machine, nowMs: number): Step<Machine, Reply, Change>
  /** The time that it wanted to be woken at has come. */
  woken(machine: Machine, nowMs: number): Step<Machine, Reply, Change>
  /** Whether nothing is lost when it is let go of and loaded again. */
  isIdle(machine: Machine): boolean
}

/** A command: decides, applies, and says what came of it. */
export type Command<Machine, Reply, Change> = (
  machine: Machine | null,
  nowMs: number,
  ticket: number,
) => Step<Machine, Reply, Change>

/** One id with its machine, and what is going on there. */
interface Entry<Machine, Reply> {
  readonly id: string
  machine: Machine | null
  /** The last round that writes something of it. */
  round: number
  timerAtMs: number
  timer: { cancel(): void } | null
  readonly parked: Map<number, Waiter<Reply>>
}

/** The machines of one kind of coordinator. */
export class Runtime<Machine, Reply, Change> {
  readonly #store: MachineStore<Machine, Change>
  readonly #time: Time
  readonly #machinery: Machinery<Machine, Reply, Change>
  readonly #entries = new Map<string, Entry<Machine, Reply>>()
  /** Those that could be let go of, the one used longest ago first. */
  readonly #idle = new Set<Entry<Machine, Reply>>()
  readonly #loading = new Map<string, (() => void)[]>()
  #tickets = 0
  #durable = 0
  #gathering = new Round<Entry<Machine, Reply>, Reply, Change>(1)
  #running: Round<Entry<Machine, Reply>, Reply, Change> | null = null
  #isFlushDue = false
  #closed = false

  constructor(
    store: MachineStore<Machine, Change>,
    time: Time,
    machinery: Machinery<Machine, Reply, Change>,
  ) {
    this.#store = store
    this.#time = time
    this.#machinery = machinery
  }

  /**
   * Runs a command on the machine of an id, loading it first where need be. Resolves when all that the
   * answer has seen is durable; rejects with COORDINATOR_NOT_AVAILABLE when the store failed, and with
   * NOT_COORDINATOR when the broker stops.
   */
  run(id: string, command: Command<Machine, Reply, Change>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(kafkaError('NOT_COORDINATOR'))
      const waiter = { resolve, reject }
      const entry = this.#entries.get(id)
      if (entry) return this.#perform(entry, command, waiter)
      this.#load(id, (loaded, error) => {
        if (loaded) this.#perform(loaded, command, waiter)
        else reject(error ?? kafkaError('COORDINATOR_NOT_AVAILABLE'))
      })
    })
  }

  /**
   * Resolves when all that has been asked of an id is decided and durable, but for what is parked; rejects
   * when it was lost.
   */
  async durable(id: string): Promise<void> {
    const loading = this.#loading.get(id)
    if (loading) await new Promise<void>((resolve) => loading.push(resolve))
    const entry = this.#entries.get(id)
    if (!entry || entry.round <= this.#durable) return
    const round = entry.round === this.#gathering.number ? this.#gathering : this.#running!
    await new Promise<void>((resolve, reject) => round.note(entry, { resolve, reject }))
  }

  /** Resolves when all that has been decided so far is stored, or lost. */
  allDurable(): Promise<void> {
    const last = this.#gathering.isDirty ? this.#gathering : this.#running
    return last ? new Promise((resolve) => last.whenOver(resolve)) : Promise.resolve()
  }

  /** Goes through the machines in memory. What they show may not be durable yet. */
  *machines(): Generator<readonly [id: string, machine: Machine]> {
    for (const { id, machine } of this.#entries.values()) if (machine) yield [id, machine]
  }

  /** The machine of an id as it is in memory, which may not be durable yet; undefined when it is not there. */
  peek(id: string): Machine | null | undefined {
    return this.#entries.get(id)?.machine
  }

  /** Says whether all that has been decided of an id is durable. */
  isDurable(id: string): boolean {
    return (this.#entries.get(id)?.round ?? 0) <= this.#durable
  }

  /** Answers whoever is parked, and resolves when all that was decided is stored. Takes no more commands. */
  async close(): Promise<void> {
    this.#closed = true
    for (const entry of this.#entries.values()) {
      entry.timer?.cancel()
      for (const waiter of entry.parked.values()) waiter.reject(kafkaError('NOT_COORDINATOR'))
      entry.parked.clear()
    }
    await this.allDurable()
  }

  #load(id: string, then: (entry: Entry<Machine, Reply> | undefined, error?: Error) => void): void {
    let failure: Error | undefined
    const next = (): void => then(this.#entries.get(id), failure)
    const waiting = this.#loading.get(id)
    if (waiting) {
      waiting.push(next)
      return
    }
    const queue = [next]
    this.#loading.set(id, queue)
    const finish = (): void => {
      this.#loading.delete(id)
      for (const task of queue) task()
    }
    this.#store.load(id).then(
      (machine) => {
        if (this.#closed) failure = kafkaError('NOT_COORDINATOR')
        else this.#enter(id, machine)
        finish()
      },
      () => finish(),
    )
  }

  #enter(id: string, machine: Machine | null): void {
    const entry: Entry<Machine, Reply> = {
      id,
      machine,
      round: 0,
      timerAtMs: Number.POSITIVE_INFINITY,
      timer: null,
      parked: new Map(),
    }
    this.#entries.set(id, entry)
    if (machine === null) this.#settleDown(entry)
    else this.#take(entry, this.#machinery.loaded(machine, this.#time.nowMs()))
  }

  #perform(
    entry: Entry<Machine, Reply>,
    command: Command<Machine, Reply, Change>,
    waiter: Waiter<Reply>,
  ): void {
    this.#tickets += 1
    const ticket = this.#tickets
    try {
      const step = command(entry.machine, this.#time.nowMs(), ticket)
      if (step.reply === null) entry.parked.set(ticket, waiter)
      this.#take(entry, step)
      if (step.reply !== null) this.#answer(entry, { waiter, reply: step.reply })
    } catch (error) {
      waiter.reject(error as Error)
    }
  }

  #take(entry: Entry<Machine, Reply>, step: Step<Machine, Reply, Change>): void {
    entry.machine = step.machine
    if (step.changes.length > 0) {
      this.#gathering.add(entry, step.changes)
      entry.round = this.#gathering.number
      this.#flushSoon()
    }
    for (const { ticket, reply } of step.settled ?? []) {
      const waiter = entry.parked.get(ticket)
      entry.parked.delete(ticket)
      if (waiter) this.#answer(entry, { waiter, reply })
    }
    this.#setTimer(entry, step.wakeAt)
    this.#settleDown(entry)
  }

  #answer(entry: Entry<Machine, Reply>, answer: Answer<Reply>): void {
    if (entry.round <= this.#durable) answer.waiter.resolve(answer.reply)
    else if (entry.round === this.#gathering.number) this.#gathering.answerLater(entry, answer)
    else this.#running!.answerLater(entry, answer)
  }

  #setTimer(entry: Entry<Machine, Reply>, wakeAt: number | null): void {
    if (wakeAt === null || wakeAt >= entry.timerAtMs) return
    entry.timer?.cancel()
    entry.timerAtMs = wakeAt
    entry.timer = this.#time.after(Math.max(0, wakeAt - this.#time.nowMs()), () => {
      entry.timerAtMs = Number.POSITIVE_INFINITY
      entry.timer = null
      if (entry.machine !== null && !this.#closed)
        this.#take(entry, this.#machinery.woken(entry.machine, this.#time.nowMs()))
    })
  }

  /** Keeps the ids without anything going on within their bound. */
  #settleDown(entry: Entry<Machine, Reply>): void {
    this.#idle.delete(entry)
    if (entry.machine !== null && !this.#machinery.isIdle(entry.machine)) return
    this.#idle.add(entry)
    if (this.#idle.size <= idleMachinesMax) return
    for (const oldest of this.#idle) {
      if (oldest.round <= this.#durable && oldest.parked.size === 0) this.#letGo(oldest)
      if (this.#idle.size <= idleMachinesMax) return
    }
  }

  #letGo(entry: Entry<Machine, Reply>): void {
    entry.timer?.cancel()
    this.#idle.delete(entry)
    this.#entries.delete(entry.id)
  }

  #flushSoon(): void {
    if (this.#running || this.#isFlushDue) return
    this.#isFlushDue = true
    this.#time.endOfTurn(() => {
      this.#isFlushDue = false
      this.#flush()
    })
  }

  #flush(): void {
    const round = this.#gathering
    if (this.#running) return
    if (!round.isDirty) {
      // All that it held may have been lost with the round before.
      round.end()
      return
    }
    this.#running = round
    this.#gathering = new Round(round.number + 1)
    this.#store.write(round.changes()).then(
      () => this.#finish(round, true),
      () => this.#finish(round, false),
    )
  }

  #finish(round: Round<Entry<Machine, Reply>, Reply, Change>, isStored: boolean): void {
    this.#running = null
    this.#durable = round.number
    if (isStored) round.settle()
    else for (const entry of round.entries()) this.#discard(entry, round)
    round.end()
    this.#flush()
  }

  #discard(entry: Entry<Machine, Reply>, round: Round<Entry<Machine, Reply>, Reply, Change>): void {
    const error = kafkaError('COORDINATOR_NOT_AVAILABLE', 'The state could not be stored.')
    this.#letGo(entry)
    round.fail(entry, error)
    this.#gathering.fail(entry, error)
    for (const waiter of entry.parked.values()) waiter.reject(error)
    entry.parked.clear()
  }
}
