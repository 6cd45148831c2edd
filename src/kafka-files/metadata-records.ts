// What a record of Kafka's metadata log says (KIP-631): a frame of three unsigned varints (frame version,
// record type, version of the type), then the fields in the flexible encoding (KIP-482).
import { BytesError, Reader } from '#bytes'
import type { Uuid } from '#model'
import { corrupt } from './kafka-files-error.ts'

/** The records that topics are made of; all others are of no use here. */
export type MetadataRecord =
  | { kind: 'topic'; name: string; topicId: Uuid }
  | { kind: 'topicRemoved'; topicId: Uuid }
  | {
      kind: 'partition'
      topicId: Uuid
      partition: number
      leaderEpoch: number
      replicaCount: number
    }
  /** The partition has another leader, or none, from now on: its leader epoch has risen by one. */
  | { kind: 'leaderChanged'; topicId: Uuid; partition: number }
  /** A value of null takes the config back. */
  | { kind: 'config'; resourceType: number; resource: string; name: string; value: string | null }
  | { kind: 'transactionBegun' | 'transactionEnded' | 'transactionAborted' }

/** The only version of the frame there is. */
const frameVersion = 1
const leaderTag = 1

const recordType = {
  topic: 2,
  partition: 3,
  config: 4,
  partitionChange: 5,
  removeTopic: 9,
  beginTransaction: 23,
  endTransaction: 24,
  abortTransaction: 25,
} as const

/** Reads the value of a record of the metadata log; undefined for types that are of no use here. Throws a `KafkaFilesError`. */
export const readMetadataRecord = (value: Buffer): MetadataRecord | undefined => {
  try {
    return readFrame(new Reader(value))
  } catch (error) {
    if (!(error instanceof BytesError)) throw error
    throw corrupt(`A record of Kafka's metadata is cut short or wrong: ${error.message}.`, error)
  }
}

const readFrame = (reader: Reader): MetadataRecord | undefined => {
  const frame = reader.unsignedVarint()
  if (frame !== frameVersion)
    throw corrupt(`A record of Kafka's metadata has frame version ${frame}, which is not known.`)
  const type = reader.unsignedVarint()
  const version = reader.unsignedVarint()
  const read = readers.get(type)
  if (!read) return undefined
  if (version > read.versionMax)
    throw corrupt(`A record of Kafka's metadata has type ${type}, version ${version}: too new.`)
  return read.fields(reader)
}

interface RecordReader {
  versionMax: number
  fields: (reader: Reader) => MetadataRecord | undefined
}

const readers: ReadonlyMap<number, RecordReader> = new Map<number, RecordReader>([
  [
    recordType.topic,
    {
      versionMax: 0,
      fields: (reader) => ({ kind: 'topic', name: compactText(reader), topicId: reader.uuid() }),
    },
  ],
  [
    recordType.removeTopic,
    { versionMax: 0, fields: (reader) => ({ kind: 'topicRemoved', topicId: reader.uuid() }) },
  ],
  [recordType.partition, { versionMax: 2, fields: (reader) => readPartition(reader) }],
  [recordType.partitionChange, { versionMax: 2, fields: (reader) => readPartitionChange(reader) }],
  [recordType.config, { versionMax: 0, fields: (reader) => readConfig(reader) }],
  [recordType.beginTransaction, { versionMax: 0, fields: () => ({ kind: 'transactionBegun' }) }],
  [recordType.endTransaction, { versionMax: 0, fields: () => ({ kind: 'transactionEnded' }) }],
  [recordType.abortTransaction, { versionMax: 0, fields: () => ({ kind: 'transactionAborted' }) }],
])

const readPartition = (reader: Reader): MetadataRecord => {
  const partition = reader.int32()
  const topicId = reader.uuid()
  const replicaCount = compactCount(reader, 4)
  reader.skip(4 * replicaCount)
  // Those in sync, those on their way out and in.
  for (let list = 0; list < 3; list += 1) reader.skip(4 * compactCount(reader, 4))
  reader.skip(4)
  return { kind: 'partition', topicId, partition, leaderEpoch: reader.int32(), replicaCount }
}

const readPartitionChange = (reader: Reader): MetadataRecord | undefined => {
  const partition = reader.int32()
  const topicId = reader.uuid()
  const count = reader.unsignedVarint()
  reader.expect(count, 2)
  let leaderChanged = false
  for (let index = 0; index < count; index += 1) {
    const tag = reader.unsignedVarint()
    const size = reader.unsignedVarint()
    const field = new Reader(reader.bytes(size))
    // -2 stands for the leader that there was.
    if (tag === leaderTag) leaderChanged = field.int32() !== -2
  }
  return leaderChanged ? { kind: 'leaderChanged', topicId, partition } : undefined
}

const readConfig = (reader: Reader): MetadataRecord => {
  const resourceType = reader.int8()
  const resource = compactText(reader)
  const name = compactText(reader)
  return { kind: 'config', resourceType, resource, name, value: compactTextOrNull(reader) }
}

/** The count of a compact array; null counts as none. */
const compactCount = (reader: Reader, sizeMin: number): number => {
  const count = Math.max(reader.unsignedVarint() - 1, 0)
  reader.expect(count, sizeMin)
  return count
}

const compactTextOrNull = (reader: Reader): string | null => {
  const length = reader.unsignedVarint()
  return length === 0 ? null : reader.text(length - 1)
}

const compactText = (reader: Reader): string => {
  const text = compactTextOrNull(reader)
  if (text === null) throw corrupt("A record of Kafka's metadata has no name where one belongs.")
  return text
}
