// What classic consumers embed in JoinGroup and SyncGroup, in version 0: Kafka's ConsumerProtocol.

/** Partitions by the names of their topics. */
export type Assigned = readonly (readonly [topic: string, partitions: readonly number[]])[]

/** Writes what a member subscribes to. */
export const encodeSubscription = (topics: readonly string[]): Buffer =>
  Buffer.concat([int16(0), int32(topics.length), ...topics.flatMap(text), int32(-1)])

/** Reads it. */
export const decodeSubscription = (bytes: Uint8Array): readonly string[] => {
  const read = reader(bytes)
  return read.list(read.text)
}

/** Writes what a member is assigned. */
export const encodeAssignment = (assigned: Assigned): Buffer =>
  Buffer.concat([
    int16(0),
    int32(assigned.length),
    ...assigned.flatMap(([topic, partitions]) => [
      ...text(topic),
      int32(partitions.length),
      ...partitions.map(int32),
    ]),
    int32(-1),
  ])

/** Reads it; nothing at all is no partitions. */
export const decodeAssignment = (bytes: Uint8Array): Assigned => {
  if (bytes.length === 0) return []
  const read = reader(bytes)
  return read.list(() => [read.text(), read.list(read.int32)] as const)
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

const text = (value: string): Buffer[] => [int16(value.length), Buffer.from(value)]

/** Reads what stands behind the version. */
const reader = (bytes: Uint8Array) => {
  const buffer = Buffer.from(bytes)
  let position = 2
  const readInt32 = (): number => {
    position += 4
    return buffer.readInt32BE(position - 4)
  }
  const readText = (): string => {
    const size = buffer.readInt16BE(position)
    position += 2 + size
    return buffer.toString('utf8', position - size, position)
  }
  const list = <Item>(readItem: () => Item): Item[] =>
    Array.from({ length: readInt32() }, () => readItem())
  return { int32: readInt32, text: readText, list }
}
