import { type ErrorName, KafkaError } from '#model'
import type { OffsetPartition } from '../consumer/offsets/committed.ts'
import type { Time } from '../runtime.ts'
import type { TransactionCommand } from './commands.ts'
import { finishRetryMs } from './limits.ts'
import type { TransactionLog, TransactionMarker } from './log.ts'
import { isDecided } from './machine.ts'
import type { TransactionFacts, TransactionState } from './state.ts'

/** What finishing a transaction needs of those who look after its machine. */
export interface FinisherMachines {
  /** Resolves when what was decided of an id is durable; rejects when it was lost. */
  durable(id: string): Promise<void>
  peek(id: string): TransactionState | undefined
  run(id: string, command: TransactionCommand): Promise<unknown>
}

/**
 * Does what a machine has decided: waits for the bytes of a commit, and writes the markers of what is
 * decided once that is durable, again and again until they are on disk.
 */
export class Finisher {
  readonly #log: TransactionLog
  readonly #time: Time
  readonly #machines: FinisherMachines
  readonly #finishing = new Map<string, Promise<void>>()
  readonly #reloading = new Set<string>()
  #isClosed = false

  constructor(log: TransactionLog, time: Time, machines: FinisherMachines) {
    this.#log = log
    this.#time = time
    this.#machines = machines
  }

  /** Tells the machine when everything in the partitions is on disk, or may not be. */
  sync(id: string, ticket: number, partitions: readonly OffsetPartition[]): void {
    const tell = (error: ErrorName | null): void => {
      this.#machines.run(id, { kind: 'synced', ticket, error }).catch(ignored)
    }
    this.#log.durable(partitions).then(
      () => tell(null),
      () => tell('COORDINATOR_NOT_AVAILABLE'),
    )
  }

  /** Writes the markers of a transaction that was just decided, or loaded so. */
  finish(id: string): void {
    if (this.#finishing.has(id)) return
    // The step that decided is not part of a round yet: see to it when it is.
    const finished = Promise.resolve().then(() => this.#try(id))
    this.#finishing.set(id, finished)
  }

  /** Resolves when everything that is decided has had its markers written, or failed to once. */
  async tried(): Promise<void> {
    await Promise.all(this.#finishing.values())
  }

  /** Loads a machine again when what was just decided is lost, so that its transaction ends in time. */
  watch(id: string): void {
    Promise.resolve()
      .then(() => this.#machines.durable(id))
      .catch(() => this.#reload(id))
  }

  /** Writes no more markers; resolves when those that are being written are on disk. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.tried()
  }

  /** `left` are the markers that were refused before, where there are such. */
  async #try(id: string, left?: readonly TransactionMarker[]): Promise<void> {
    const facts = this.#machines.peek(id)?.facts
    try {
      await this.#machines.durable(id)
    } catch {
      // What was lost is loaded again, and decided again or not.
      this.#finishing.delete(id)
      return
    }
    if (this.#isClosed) return
    const state = this.#machines.peek(id)
    const isDurable = state !== undefined && state.facts === facts && isDecided(state)
    const markers = isDurable ? (left ?? markersOf(state)) : []
    const errors = await this.#log.appendMarkers(markers)
    const refused = markers.filter((_, index) => isPassing(errors[index]!))
    if (refused.length > 0) return this.#tryLater(id, refused)
    // From here on the next transaction may be decided, and has markers of its own.
    this.#finishing.delete(id)
    if (isDurable) await this.#complete(id, state.facts)
  }

  async #complete(id: string, { producerId, epoch }: TransactionFacts): Promise<void> {
    try {
      await this.#machines.run(id, { kind: 'completed', producerId, epoch })
    } catch (error) {
      // The store failed, or the broker stops: the markers are written again when the machine is loaded.
      if (!(error instanceof KafkaError)) throw error
    }
  }

  #tryLater(id: string, left: readonly TransactionMarker[]): void {
    if (this.#isClosed) return
    this.#time.after(finishRetryMs, () => {
      if (!this.#isClosed) this.#finishing.set(id, this.#try(id, left))
    })
  }

  #reload(id: string): void {
    if (this.#isClosed || this.#reloading.has(id)) return
    this.#reloading.add(id)
    this.#time.after(finishRetryMs, () => {
      this.#reloading.delete(id)
      if (!this.#isClosed)
        this.#machines.run(id, { kind: 'describe' }).catch(() => this.#reload(id))
    })
  }
}

const markersOf = ({ facts, partitions }: TransactionState): TransactionMarker[] => {
  const { producerId, epoch, version, phase } = facts
  const commit = phase === 'PrepareCommit'
  return [...partitions.values()].map((each) => ({ ...each, producerId, epoch, version, commit }))
}

/** An epoch that is too old says that an administrator has ended the transaction in this partition. */
const isPassing = (error: ErrorName | null): boolean =>
  error !== null && error !== 'INVALID_PRODUCER_EPOCH'

/** Whoever waited has heard of it already. */
const ignored = (): void => undefined
