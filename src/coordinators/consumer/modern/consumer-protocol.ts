// What classic consumers embed in JoinGroup and SyncGroup: big-endian, not flexible, a version in front.
// Newer versions only append, so that what follows the last known field is left alone.
import { kafkaError } from '#model'

/** A partition set by the names of topics. */
export type NamedPartitions = readonly {
  readonly topic: string
  readonly partitions: readonly number[]
}[]

/** What a classic member subscribes to. */
export interface EmbeddedSubscription {
  readonly version: number
  readonly topics: readonly string[]
  readonly ownedPartitions: NamedPartitions
  readonly rackId: string | null
}

/** The last version of both that Kafka 4.3 writes. */
const lastVersion = 3

/** Reads a subscription, in base64. Throws INCONSISTENT_GROUP_PROTOCOL when it is damaged. */
export const decodeSubscription = (base64: string): EmbeddedSubscription => {
  const reader = new EmbeddedReader(Buffer.from(base64, 'base64'))
  const version = reader.version()
  const topics = reader.array(() => reader.string())
  reader.bytes()
  const ownedPartitions = version >= 1 ? reader.namedPartitions() : []
  if (version >= 2) reader.int32()
  const rackId = version >= 3 ? reader.nullableString() : null
  return { version, topics, ownedPartitions, rackId }
}

/** Reads an assignment, in base64; an empty one is no partitions. */
export const decodeAssignment = (base64: string): NamedPartitions => {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length === 0) return []
  const reader = new EmbeddedReader(bytes)
  reader.version()
  return reader.namedPartitions()
}

/** Writes an assignment in the version that the member's subscription has, in base64. */
export const encodeAssignment = (version: number, assignment: NamedPartitions): string => {
  const parts = [int16(Math.min(version, lastVersion)), int32(assignment.length)]
  for (const { topic, partitions } of assignment) {
    const name = Buffer.from(topic)
    parts.push(int16(name.length), name, int32(partitions.length), ...partitions.map(int32))
  }
  return Buffer.concat([...parts, int32(-1)]).toString('base64')
}

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

class EmbeddedReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  version(): number {
    const version = this.#take(2).readInt16BE()
    if (version < 0) throw damaged()
    return version
  }

  int32(): number {
    return this.#take(4).readInt32BE()
  }

  string(): string {
    return this.nullableString() ?? ''
  }

  nullableString(): string | null {
    const size = this.#take(2).readInt16BE()
    return size < 0 ? null : this.#take(size).toString()
  }

  bytes(): void {
    const size = this.int32()
    if (size > 0) this.#take(size)
  }

  /** Each item takes a byte or more, so that a false count ends with the bytes. */
  array<T>(item: () => T): T[] {
    const count = this.int32()
    if (count > this.#bytes.length) throw damaged()
    const items: T[] = []
    for (let index = 0; index < count; index += 1) items.push(item())
    return items
  }

  namedPartitions(): NamedPartitions {
    return this.array(() => ({
      topic: this.string(),
      partitions: this.array(() => this.int32()),
    }))
  }

  #take(size: number): Buffer {
    const end = this.#position + size
    if (end > this.#bytes.length) throw damaged()
    const bytes = this.#bytes.subarray(this.#position, end)
    this.#position = end
    return bytes
  }
}

const damaged = (): Error =>
  kafkaError('INCONSISTENT_GROUP_PROTOCOL', 'The embedded consumer protocol cannot be read.')
