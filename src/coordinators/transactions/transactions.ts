// The transactions of this broker: each command finds its transaction's machine, and the answer what is
// durable. What a machine only says is to be done is done here, in the order that no crash can break:
// the bytes are on disk before the decision, the decision before the markers, and those before its end.
import { type ErrorName, kafkaError } from '#model'
import type { CommittedOffset, OffsetPartition } from '../consumer/offsets/committed.ts'
import { Runtime, type Time } from '../runtime.ts'
import type {
  EndCommand,
  InitCommand,
  ListedTransaction,
  PendCommand,
  ProducerReply,
  TransactionCommand,
  TransactionDescription,
  TransactionRefusal,
  TransactionReply,
} from './commands.ts'
import { decideTransaction } from './decide.ts'
import { Finisher } from './finisher.ts'
import type { OpenTransaction, TransactionLog } from './log.ts'
import { isDecided, isIdle, type TransactionStep, transactionStep } from './machine.ts'
import type { TransactionSettings } from './settings.ts'
import {
  newTransaction,
  type ProducerIdentity,
  partitionKey,
  type TransactionFacts,
  type TransactionState,
  type TransactionVersion,
  unlimitedTimeoutMs,
} from './state.ts'
import type { TransactionChange, TransactionStore } from './store.ts'
import { Waits } from './waits.ts'

/** Where producer ids come from, each once for ever. */
export interface ProducerIdSource {
  take(): Promise<number>
}

/** Who asks for something, and for which transactional id. */
export interface Asking extends ProducerIdentity {
  readonly transactionalId: string
}

/** Transactional ids that are loaded, or looked through, side by side. */
const sideBySideMax = 64

/** All transactional ids, with their open transactions and the offsets in them. */
export class Transactions {
  readonly #store: TransactionStore
  readonly #log: TransactionLog
  readonly #producerIds: ProducerIdSource
  readonly #time: Time
  readonly #settings: TransactionSettings
  readonly #runtime: Runtime<TransactionState, TransactionReply, TransactionChange>
  readonly #finisher: Finisher
  readonly #waits: Waits

  constructor(
    store: TransactionStore,
    log: TransactionLog,
    producerIds: ProducerIdSource,
    time: Time,
    settings: TransactionSettings,
  ) {
    this.#store = store
    this.#log = log
    this.#producerIds = producerIds
    this.#time = time
    this.#settings = settings
    this.#waits = new Waits(time)
    this.#runtime = new Runtime(store, time, {
      loaded: (state, nowMs) => this.#step(state, { kind: 'load' }, nowMs),
      woken: (state, nowMs) => this.#step(state, { kind: 'wake' }, nowMs),
      isIdle,
    })
    this.#finisher = new Finisher(log, time, {
      durable: (id) => this.#runtime.durable(id),
      peek: (id) => this.#runtime.peek(id) ?? undefined,
      run: (id, command) => this.#run(id, command),
    })
  }

  /**
   * Loads what is open, appends the markers of what was decided, and aborts what is open in a log without
   * anyone who could end it. To be called before anyone may write. Resolves to those that could not be
   * aborted: a partition whose disk is full keeps them until an administrator asks (WriteTxnMarkers).
   */
  async start(): Promise<readonly OpenTransaction[]> {
    const ids = await this.#store.unfinished()
    await sideBySide(ids, (id) => this.#run(id, { kind: 'describe' }))
    await this.#finisher.tried()
    const owners = new Map<number, TransactionState>()
    for (const [, state] of this.#runtime.machines()) owners.set(state.facts.producerId, state)
    const orphans = this.#log.openTransactions().filter((open) => !isOwned(open, owners))
    const markers = orphans.map((open) => ({ ...open, commit: false, version: 1 as const }))
    if (markers.length === 0) return []
    const errors = await this.#log.appendMarkers(markers)
    return orphans.filter((_, index) => errors[index] !== null)
  }

  /**
   * Gives a producer its id and epoch (InitProducerId); with no timeout its transactions are parts of two-phase
   * commits. Throws what the machine refuses it for.
   */
  async init(
    transactionalId: string,
    { timeoutMs, expected }: { timeoutMs: number | null } & Pick<InitCommand, 'expected'>,
  ): Promise<ProducerIdentity> {
    if (timeoutMs !== null && (timeoutMs <= 0 || timeoutMs > this.#settings.timeoutMaxMs))
      throw kafkaError(
        'INVALID_TRANSACTION_TIMEOUT',
        `A timeout of ${timeoutMs} ms is not between 1 and transaction.max.timeout.ms.`,
      )
    return this.#withProducerId(transactionalId, (newProducerId) => ({
      kind: 'init',
      timeoutMs: timeoutMs ?? unlimitedTimeoutMs,
      expected,
      newProducerId,
    }))
  }

  /** Commits or aborts, and says with which id and epoch the producer goes on. */
  async end(
    asking: Asking,
    commit: boolean,
    version: TransactionVersion,
  ): Promise<ProducerIdentity> {
    const { transactionalId, producerId, epoch } = asking
    return this.#withProducerId(transactionalId, (newProducerId, ticket) => ({
      kind: 'end',
      producerId,
      epoch,
      ticket,
      commit,
      version,
      newProducerId,
    }))
  }

  /**
   * Adds partitions to the transaction, which begins it where none is open. Waits a while for the transaction
   * before to be over: a client that has ended one goes on with the next at once.
   */
  async addPartitions(asking: Asking, partitions: readonly OffsetPartition[]): Promise<void> {
    granted(await this.#whileBusy(asking, { kind: 'addPartitions', partitions }))
  }

  /** Those of the partitions that are not in the transaction (Produce up to 11). */
  async missingPartitions(
    asking: Asking,
    partitions: readonly OffsetPartition[],
  ): Promise<readonly OffsetPartition[]> {
    const reply = granted(await this.#ask(asking, { kind: 'verify', partitions }))
    return reply.kind === 'verified' ? reply.missing : partitions
  }

  /** Adds a group whose offsets are to be committed; waits as `addPartitions` does. */
  async addGroup(asking: Asking, groupId: string): Promise<void> {
    granted(await this.#whileBusy(asking, { kind: 'addGroup', groupId }))
  }

  /**
   * Refuses offsets that `pend` would refuse; where it adds, waits for the transaction before. What is
   * taken at once waits for nothing here: `pend` waits until all that it has seen is durable.
   */
  async checkPend(asking: Asking, groupId: string, adds: boolean): Promise<void> {
    const command = { kind: 'pend', groupId, offsets: [], adds } as const
    if (this.#isTaken(asking, command)) return
    granted(adds ? await this.#whileBusy(asking, command) : await this.#ask(asking, command))
  }

  /**
   * Keeps offsets until the transaction is decided. It is decided before this returns, so that nothing can
   * come between whoever asked the group and this; `checkPend` has made sure that the machine is there.
   */
  async pend(
    asking: Asking,
    groupId: string,
    offsets: readonly CommittedOffset[],
    adds: boolean,
  ): Promise<void> {
    const { transactionalId, producerId, epoch } = asking
    const command: PendCommand = { kind: 'pend', producerId, epoch, groupId, offsets, adds }
    let isInTurn = true
    const reply = this.#runtime.run(transactionalId, (state, nowMs) => {
      if (!isInTurn) throw kafkaError('COORDINATOR_LOAD_IN_PROGRESS')
      return this.#step(state ?? newTransaction(transactionalId), command, nowMs)
    })
    isInTurn = false
    granted(await reply)
  }

  /**
   * What keeps a batch out of a partition at this moment, or null. What is open now was durable when its
   * request was admitted.
   */
  refusal(asking: Asking, partition: OffsetPartition): ErrorName | null {
    const state = this.#runtime.peek(asking.transactionalId)
    if (state === undefined) return 'COORDINATOR_LOAD_IN_PROGRESS'
    const { facts } = state ?? newTransaction(asking.transactionalId)
    if (facts.producerId !== asking.producerId) return 'INVALID_PRODUCER_ID_MAPPING'
    if (facts.epoch !== asking.epoch) return 'PRODUCER_FENCED'
    const isOpen = facts.phase === 'Ongoing' && state!.ending === null
    return isOpen && state!.partitions.has(partitionKey(partition)) ? null : 'INVALID_TXN_STATE'
  }

  /** Says whether batches may enter these partitions now: their rows are durable. */
  isOpen(asking: Asking, partitions: readonly OffsetPartition[]): boolean {
    return (
      this.#runtime.isDurable(asking.transactionalId) &&
      partitions.every((partition) => this.refusal(asking, partition) === null)
    )
  }

  /** Throws TRANSACTIONAL_ID_NOT_FOUND. */
  async describe(transactionalId: string): Promise<TransactionDescription> {
    return granted(await this.#run(transactionalId, { kind: 'describe' })) as TransactionDescription
  }

  /** Every transactional id that exists. */
  async list(): Promise<readonly ListedTransaction[]> {
    await this.#runtime.allDurable()
    const listed = new Map((await this.#store.list()).map((each) => [each.transactionalId, each]))
    for (const [transactionalId, { facts }] of this.#runtime.machines())
      listed.set(transactionalId, { transactionalId, ...facts })
    return [...listed.values()]
  }

  /** The transactional ids in memory as they are there: all that something goes on in, and those used last. */
  *known(): Generator<TransactionFacts> {
    for (const [, { facts }] of this.#runtime.machines()) yield facts
  }

  /** The partitions whose offset of a group is still to be decided. Sees all that was pended before. */
  async pendingOffsets(
    groupId: string,
    partitions: readonly OffsetPartition[] | null,
  ): Promise<readonly OffsetPartition[]> {
    await this.#runtime.allDurable()
    return this.#store.pendingOffsets(groupId, partitions)
  }

  /** Forgets ids that nobody has used for so long; returns how many were looked at. */
  async expire(expirationMs: number): Promise<number> {
    const unusedSinceMs = Math.floor(this.#time.nowMs() - expirationMs)
    const ids = await this.#store.unusedSince(unusedSinceMs)
    await sideBySide(ids, (id) => this.#run(id, { kind: 'expire', unusedSinceMs }))
    return ids.length
  }

  /** Answers whoever waits, and stores what was decided; markers that are not written yet are at the next start. */
  async close(): Promise<void> {
    await Promise.all([this.#finisher.close(), this.#runtime.close()])
  }

  /** An id is taken only when the machine asks for one. */
  async #withProducerId(
    transactionalId: string,
    commandWith: (newProducerId: number | null, ticket: number) => InitCommand | EndCommand,
  ): Promise<ProducerIdentity> {
    let newProducerId: number | null = null
    for (;;) {
      const reply: TransactionReply = await this.#runtime.run(
        transactionalId,
        (state, nowMs, ticket) =>
          this.#step(
            state ?? newTransaction(transactionalId),
            commandWith(newProducerId, ticket),
            nowMs,
          ),
      )
      if (reply.kind !== 'needsProducerId') {
        const { producerId, epoch } = granted(reply) as ProducerReply
        return { producerId, epoch }
      }
      newProducerId = await this.#producerIds.take()
    }
  }

  #ask(asking: Asking, command: AskedCommand): Promise<TransactionReply> {
    const { transactionalId, producerId, epoch } = asking
    return this.#run(transactionalId, { ...command, producerId, epoch })
  }

  /** Says whether a command would be taken in this moment, without doing anything of it. */
  #isTaken({ transactionalId, producerId, epoch }: Asking, command: AskedCommand): boolean {
    const state = this.#runtime.peek(transactionalId)
    if (!state) return false
    const asked = { ...command, producerId, epoch }
    return decideTransaction(state, asked, this.#time.nowMs()).reply?.kind !== 'refused'
  }

  async #whileBusy(asking: Asking, command: AskedCommand): Promise<TransactionReply> {
    const { retryBackoffMs, retryMaxMs } = this.#settings
    const endMs = this.#time.nowMs() + retryMaxMs
    for (;;) {
      const reply = await this.#ask(asking, command)
      const isBusy = reply.kind === 'refused' && reply.error === 'CONCURRENT_TRANSACTIONS'
      const leftMs = endMs - this.#time.nowMs()
      if (!isBusy || leftMs <= 0) return reply
      await this.#waits.over(asking.transactionalId, Math.min(leftMs, retryBackoffMs))
    }
  }

  #run(transactionalId: string, command: TransactionCommand): Promise<TransactionReply> {
    return this.#runtime.run(transactionalId, (state, nowMs) =>
      this.#step(state ?? newTransaction(transactionalId), command, nowMs),
    )
  }

  #step(state: TransactionState, command: TransactionCommand, nowMs: number): TransactionStep {
    const { transactionalId, ending } = state
    const wasDecided = isDecided(state)
    const step = transactionStep(state, command, nowMs)
    if (state.ending !== null && state.ending !== ending)
      this.#finisher.sync(transactionalId, state.ending.ticket, [...state.partitions.values()])
    if (isDecided(state)) this.#finisher.finish(transactionalId)
    else if (wasDecided) this.#waits.end(transactionalId)
    if (step.changes.length > 0) this.#finisher.watch(transactionalId)
    return step
  }
}

type Bare<Command> = Command extends unknown ? Omit<Command, keyof ProducerIdentity> : never
type AskedCommand = Bare<
  Extract<TransactionCommand, { kind: 'addPartitions' | 'addGroup' | 'verify' | 'pend' }>
>

const isOwned = (
  open: OffsetPartition & ProducerIdentity,
  owners: ReadonlyMap<number, TransactionState>,
): boolean => owners.get(open.producerId)?.partitions.has(partitionKey(open)) ?? false

const sideBySide = async (
  ids: readonly string[],
  task: (id: string) => Promise<unknown>,
): Promise<void> => {
  const left = ids.values()
  const work = async (): Promise<void> => {
    for (const id of left) await task(id)
  }
  await Promise.all(Array.from({ length: Math.min(sideBySideMax, ids.length) }, work))
}

const granted = (reply: TransactionReply): Exclude<TransactionReply, TransactionRefusal> => {
  if (reply.kind === 'refused') throw kafkaError(reply.error, reply.message)
  return reply
}
