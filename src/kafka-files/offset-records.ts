// Keys and values of `__consumer_offsets`, as far as committed offsets and the protocol types of groups go.
// Both begin with an int16: of a key what kind of record it is, of a value its version.
import { BytesError, Reader } from '#bytes'
import { corrupt } from './kafka-files-error.ts'

/** Whose committed offset a record has; both kinds of such keys are taken by the same name. */
export interface OffsetKey {
  kind: 'offset'
  groupId: string
  topic: string
  partition: number
}

/** What a key stands for. */
export type OffsetsKey = OffsetKey | { kind: 'classicGroup' | 'consumerGroup'; groupId: string }

/** An offset as a group has committed it. */
export interface OffsetCommit {
  offset: number
  /** -1 where the client did not say. */
  leaderEpoch: number
  metadata: string
  committedAtMs: number
  /** When the client wants it to be forgotten; null leaves that to the broker. */
  expiresAtMs: number | null
}

const commitVersionMax = 4
const groupVersionMax = 4
/** From here on values are in the flexible encoding (KIP-482). */
const flexibleVersion = 4

/** Reads a key; undefined for kinds that are of no use here. Throws a `KafkaFilesError`. */
export const readOffsetsKey = (key: Buffer): OffsetsKey | undefined =>
  reading(key, (reader) => {
    const kind = reader.int16()
    if (kind === 0 || kind === 1)
      return {
        kind: 'offset',
        groupId: textOf(reader),
        topic: textOf(reader),
        partition: reader.int32(),
      }
    if (kind === 2) return { kind: 'classicGroup', groupId: textOf(reader) }
    if (kind === 3) return { kind: 'consumerGroup', groupId: textOf(reader) }
    return undefined
  })

/** Reads what a commit's record holds, versions 0 to 4; throws a `KafkaFilesError`. */
export const readOffsetCommit = (value: Buffer): OffsetCommit =>
  reading(value, (reader) => {
    const version = versionOf(reader, commitVersionMax)
    const offset = reader.int64()
    const leaderEpoch = version >= 3 ? reader.int32() : -1
    const metadata = version >= flexibleVersion ? compactTextOf(reader) : textOf(reader)
    const committedAtMs = reader.int64()
    const expiresAtMs = version === 1 ? reader.int64() : -1
    if (offset < 0) throw corrupt(`A committed offset of Kafka's is ${offset}.`)
    return {
      offset,
      leaderEpoch,
      metadata,
      committedAtMs,
      expiresAtMs: expiresAtMs < 0 ? null : expiresAtMs,
    }
  })

/** Reads the protocol type of a classic group's record, versions 0 to 4; throws a `KafkaFilesError`. */
export const readProtocolType = (value: Buffer): string =>
  reading(value, (reader) =>
    versionOf(reader, groupVersionMax) >= flexibleVersion ? compactTextOf(reader) : textOf(reader),
  )

const reading = <T>(bytes: Buffer, read: (reader: Reader) => T): T => {
  try {
    return read(new Reader(bytes))
  } catch (error) {
    if (!(error instanceof BytesError)) throw error
    throw corrupt(`A record of __consumer_offsets is cut short or wrong: ${error.message}.`, error)
  }
}

const versionOf = (reader: Reader, versionMax: number): number => {
  const version = reader.int16()
  if (version < 0 || version > versionMax)
    throw corrupt(`A record of __consumer_offsets has version ${version}, which is not known.`)
  return version
}

const textOf = (reader: Reader): string => reader.text(reader.int16())

const compactTextOf = (reader: Reader): string => reader.text(reader.unsignedVarint() - 1)
