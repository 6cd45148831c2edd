import { join } from 'node:path'
import type { Disk } from '#world'
import { type FileBatch, readBatches } from './batch-file.ts'
import {
  type OffsetCommit,
  type OffsetKey,
  readOffsetCommit,
  readOffsetsKey,
  readProtocolType,
} from './offset-records.ts'

/** A partition's committed offset. */
export interface KafkaOffset extends OffsetCommit {
  topic: string
  partition: number
}

/** A group with its committed offsets; its members are gone, since their broker is. */
export interface KafkaGroup {
  groupId: string
  /** Null for a group that only ever had offsets. */
  protocolType: string | null
  offsets: readonly KafkaOffset[]
}

/** What a stopped Kafka has of groups. */
export interface KafkaGroups {
  groups: readonly KafkaGroup[]
  /** Transactions that have offsets and no end. */
  openTransactions: number
}

const segmentFile = /^\d{20}\.log$/
const offsetsFolder = /^__consumer_offsets-\d+$/
/** The last two bytes of a marker's key. */
const commitMarker = 1

/**
 * Reads the committed offsets of a stopped Kafka from the partitions of `__consumer_offsets` that are in
 * its folder; those of a transaction count when it was committed. Throws a `KafkaFilesError`.
 */
export const readKafkaGroups = async (disk: Disk, kafkaFolder: string): Promise<KafkaGroups> => {
  const groups: KafkaGroup[] = []
  let openTransactions = 0
  for (const name of (await disk.list(kafkaFolder)).filter((each) => offsetsFolder.test(each))) {
    const folder = join(kafkaFolder, name)
    const offsets = new OffsetsPartition()
    for (const segment of (await disk.list(folder)).filter((each) => segmentFile.test(each)).sort())
      for await (const batch of readBatches(disk, join(folder, segment))) offsets.take(batch)
    groups.push(...offsets.groups())
    openTransactions += offsets.openTransactions
  }
  groups.sort((one, other) => (one.groupId < other.groupId ? -1 : 1))
  return { groups, openTransactions }
}

/** An offset and which record said so: a commit in a transaction is older than its marker. */
interface Placed {
  recordOffset: number
  commit: KafkaOffset
}

/** What the records of one partition of `__consumer_offsets` amount to, taken in order. */
class OffsetsPartition {
  readonly #offsets = new Map<string, Map<string, Placed>>()
  readonly #protocolTypes = new Map<string, string>()
  /** What a producer has committed in a transaction that has not ended. */
  readonly #pending = new Map<number, { groupId: string; placed: Placed }[]>()

  get openTransactions(): number {
    return this.#pending.size
  }

  take(batch: FileBatch): void {
    if (batch.isControl) {
      this.#end(batch)
      return
    }
    for (const { offset, key, value } of batch.records) {
      const subject = key ? readOffsetsKey(key) : undefined
      if (!subject) continue
      const { groupId } = subject
      if (subject.kind === 'offset') this.#takeOffset(batch, subject, offset, value)
      else if (!value) this.#protocolTypes.delete(groupId)
      else
        this.#protocolTypes.set(
          groupId,
          subject.kind === 'classicGroup' ? readProtocolType(value) : 'consumer',
        )
    }
  }

  groups(): KafkaGroup[] {
    const ids = new Set([...this.#offsets.keys(), ...this.#protocolTypes.keys()])
    return [...ids]
      .map((groupId) => ({
        groupId,
        protocolType: this.#protocolTypes.get(groupId) ?? null,
        offsets: [...(this.#offsets.get(groupId)?.values() ?? [])].map(({ commit }) => commit),
      }))
      .filter(({ offsets }) => offsets.length > 0)
  }

  #takeOffset(
    { isTransactional, producerId }: FileBatch,
    { groupId, topic, partition }: OffsetKey,
    recordOffset: number,
    value: Buffer | null,
  ): void {
    if (!value) {
      this.#offsets.get(groupId)?.delete(nameOf({ topic, partition }))
      return
    }
    const commit = { topic, partition, ...readOffsetCommit(value) }
    if (isTransactional) this.#wait(producerId, groupId, { recordOffset, commit })
    else this.#put(groupId, { recordOffset, commit })
  }

  #wait(producerId: number, groupId: string, placed: Placed): void {
    const waiting = this.#pending.get(producerId) ?? []
    this.#pending.set(producerId, waiting)
    waiting.push({ groupId, placed })
  }

  #put(groupId: string, placed: Placed): void {
    const offsets = this.#offsets.get(groupId) ?? new Map<string, Placed>()
    this.#offsets.set(groupId, offsets)
    const name = nameOf(placed.commit)
    const other = offsets.get(name)
    if (!other || other.recordOffset < placed.recordOffset) offsets.set(name, placed)
  }

  #end({ producerId, records }: FileBatch): void {
    const key = records[0]?.key
    const isCommit = key?.length === 4 && key.readInt16BE(2) === commitMarker
    if (isCommit)
      for (const { groupId, placed } of this.#pending.get(producerId) ?? [])
        this.#put(groupId, placed)
    this.#pending.delete(producerId)
  }
}

const nameOf = ({ topic, partition }: { topic: string; partition: number }): string =>
  `${topic}-${partition}`
