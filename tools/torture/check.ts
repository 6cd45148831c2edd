// Reads a partition back and holds it against its lanes: offsets without gaps, numbers in order, each
// acknowledged batch at the offset it was given, leader epochs that only rise.
import { OffsetForLeaderEpoch } from '#protocol'
import { type ReadBatch, readToEnd, type SeededRandom, type Topic, type WireClient } from '#testing'
import { type Lane, labelOf } from './lane.ts'

/** What was promised does not hold. */
export class BrokenPromise extends Error {}

/** How far one lane has been followed. */
interface Trail {
  lane: Lane
  /** The number of the last record seen. */
  last: number
  /** Acknowledged batches that have been found where they must be. */
  settledCount: number
  /** Records seen that no settled batch covers: they may be acknowledged later, as duplicates. */
  unsettled: { number: number; offset: number }[]
}

/** How far a partition has been read and found right. */
export class PartitionCheck {
  readonly topic: Topic
  readonly partition: number
  readonly #trails: Map<number, Trail>
  /** The end offset of each leader epoch that has records, ascending. */
  readonly #epochEnds: { epoch: number; end: number }[] = []
  #offset = 0

  constructor(topic: Topic, partition: number, lanes: readonly Lane[]) {
    this.topic = topic
    this.partition = partition
    this.#trails = new Map(
      lanes.map((lane) => [lane.number, { lane, last: -1, settledCount: 0, unsettled: [] }]),
    )
  }

  /** Records that were read and found right. */
  get offset(): number {
    return this.#offset
  }

  /** Reads on from where it stands to the end; nothing that is acknowledged may be missing then. */
  async follow(client: WireClient, random: SeededRandom): Promise<void> {
    const options = { offset: this.#offset, partitionMaxBytes: random.pick([1, 1e4, 1e6, 8e6]) }
    for await (const { batches, highWatermark } of readToEnd(
      client,
      this.topic,
      this.partition,
      options,
    )) {
      if (highWatermark < this.#offset)
        throw this.#broken(`it ends at ${highWatermark}, and ${this.#offset} had been read`)
      for (const batch of batches) this.#take(batch)
    }
    for (const trail of this.#trails.values()) this.#settle(trail)
  }

  /** Holds what the broker says of each leader epoch's end against the batches read. */
  async checkEpochs(client: WireClient, currentEpoch: number): Promise<void> {
    for (const { epoch, end } of this.#epochEnds) {
      const { topics } = await client.request(OffsetForLeaderEpoch, 4, {
        replicaId: -1,
        topics: [
          {
            topic: this.topic.name,
            partitions: [
              { partition: this.partition, currentLeaderEpoch: currentEpoch, leaderEpoch: epoch },
            ],
          },
        ],
      })
      const answer = topics[0]!.partitions[0]!
      if (answer.errorCode !== 0 || answer.leaderEpoch !== epoch || answer.endOffset !== end)
        throw this.#broken(
          `leader epoch ${epoch} ends at ${end}, and the broker says epoch ${answer.leaderEpoch} ends ` +
            `at ${answer.endOffset} (error ${answer.errorCode})`,
        )
    }
  }

  #take(batch: ReadBatch): void {
    if (batch.endOffset <= this.#offset) throw this.#broken('a batch came that was not asked for')
    const epoch = this.#epochEnds.at(-1)
    if (epoch && batch.leaderEpoch < epoch.epoch)
      throw this.#broken(`leader epoch ${batch.leaderEpoch} follows ${epoch.epoch}`)
    if (epoch?.epoch === batch.leaderEpoch) epoch.end = batch.endOffset
    else this.#epochEnds.push({ epoch: batch.leaderEpoch, end: batch.endOffset })
    for (const record of batch.records) {
      if (record.offset < this.#offset) continue
      if (record.offset !== this.#offset)
        throw this.#broken(`offset ${record.offset} follows ${this.#offset - 1}`)
      const label = labelOf(record)
      const trail = label && this.#trails.get(label.lane)
      if (!trail) throw this.#broken(`the record at ${record.offset} was never sent here`)
      const fault = trail.lane.faultOf(record, label.number)
      if (fault) throw this.#broken(`the record at ${record.offset} is damaged: ${fault}`)
      this.#advance(trail, label.number)
      this.#offset += 1
    }
    if (this.#offset !== batch.endOffset)
      throw this.#broken(`the batch at ${batch.baseOffset} has fewer records than offsets`)
  }

  #advance(trail: Trail, number: number): void {
    const { lane, last } = trail
    const ordered = lane.kind.idempotent ? number === last + 1 : number > last
    const where = `${lane.name}, number ${number} at offset ${this.#offset}`
    if (!ordered) throw this.#broken(`${where} follows number ${last}`)
    if (number >= lane.next) throw this.#broken(`${where} was never made`)
    trail.last = number
    if (lane.kind.acks !== 0) trail.unsettled.push({ number, offset: this.#offset })
  }

  /** Every acknowledged batch is there, whole and where it was said to be. */
  #settle(trail: Trail): void {
    const { lane, unsettled } = trail
    let index = 0
    for (; trail.settledCount < lane.acknowledged.length; trail.settledCount += 1) {
      const { first, count, offset } = lane.acknowledged[trail.settledCount]!
      while (index < unsettled.length && unsettled[index]!.number < first) index += 1
      for (let place = 0; place < count; place += 1, index += 1) {
        const found = unsettled[index]
        if (found?.number === first + place && found.offset === offset + place) continue
        const where = found
          ? `number ${found.number} is at offset ${found.offset}`
          : 'it is missing'
        throw this.#broken(
          `${lane.name}: number ${first + place} was acknowledged with offset ${offset + place}, and ${where}`,
        )
      }
    }
    trail.unsettled = unsettled.slice(index)
  }

  #broken(what: string): BrokenPromise {
    return new BrokenPromise(`${this.topic.name}-${this.partition}: ${what}`)
  }
}
