// The ends of transactions, as the coordinator asks for them: what it waits for is always the disk, since a
// decision that outlives its records, or the memory of its markers, would undo a commit.
import { type ErrorName, kafkaError } from '#model'
import type { Clock } from '#world'
import { refusalOf } from '../admission.ts'
import type { OpenTransaction, PartitionId, TransactionMarker } from '../engine.ts'
import { AppendCall } from './append-call.ts'
import type { LogWriter } from './log-writer.ts'
import type { Partition } from './partition.ts'
import type { PartitionMap } from './partition-map.ts'
import type { SyncRounds } from './sync-rounds.ts'

export class TransactionEnds {
  readonly #clock: Clock
  readonly #partitions: PartitionMap
  readonly #writer: LogWriter
  readonly #rounds: SyncRounds

  constructor(clock: Clock, partitions: PartitionMap, writer: LogWriter, rounds: SyncRounds) {
    this.#clock = clock
    this.#partitions = partitions
    this.#writer = writer
    this.#rounds = rounds
  }

  /** See `LogEngine`. The markers of one call are written in one turn, and so share a sync round. */
  append(markers: readonly TransactionMarker[]): Promise<(ErrorName | null)[]> {
    const nowMs = this.#clock.nowMs()
    return this.#toDisk(markers, (partition, index, call) => {
      partition.appendMarker(markers[index]!, call, index, nowMs)
      this.#writer.schedule(partition)
    })
  }

  /** See `LogEngine`. */
  async durable(ids: readonly PartitionId[]): Promise<void> {
    const errors = await this.#toDisk(ids, (partition, index, call) => {
      if (partition.refusal) throw partition.refusal
      partition.awaitDisk(call, index)
      // What is still to be written is noted once it is; what is on disk needs no round.
      const { end, written, durable } = partition
      if (end === written.offset && end > durable.offset) this.#rounds.note(partition, 0)
    })
    const error = errors.find((each) => each !== null)
    if (error) throw kafkaError(error)
  }

  /** See `LogEngine`. */
  open(id?: PartitionId): OpenTransaction[] {
    const one = id && this.#partitions.get(id)
    const asked = id ? (one ? [one] : []) : [...this.#partitions]
    return asked.flatMap((each) => each.producers.openTransactions(each.id))
  }

  /** Takes a step with each partition; settles to what went wrong, null for those that are gone too. */
  async #toDisk(
    ids: readonly PartitionId[],
    step: (partition: Partition, index: number, call: AppendCall) => void,
  ): Promise<(ErrorName | null)[]> {
    const call = new AppendCall(ids.length)
    ids.forEach((id, index) => {
      const partition = this.#partitions.get(id)
      try {
        if (!partition) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
        step(partition, index, call)
      } catch (error) {
        call.decide(index, refusalOf(error, -1))
      }
    })
    this.#rounds.consider()
    const outcomes = await call.settled
    return outcomes.map(({ error }) =>
      error && error.errorName !== 'UNKNOWN_TOPIC_OR_PARTITION' ? error.errorName : null,
    )
  }
}
