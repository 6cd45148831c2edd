// Records of Kafka's metadata log and of `__consumer_offsets`, as Kafka writes them.
import { unsignedVarintSize, writeUnsignedVarint } from '#bytes'
import { uuidToBytes } from '#model'

const varint = (value: number): Buffer => {
  const bytes = Buffer.alloc(unsignedVarintSize(value))
  writeUnsignedVarint(bytes, 0, value)
  return bytes
}
const compactText = (value: string | null): Buffer =>
  value === null
    ? varint(0)
    : Buffer.concat([varint(Buffer.byteLength(value) + 1), Buffer.from(value)])
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
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
const text = (value: string): Buffer =>
  Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
const noTags = varint(0)
const frame = (type: number, version: number, ...fields: Buffer[]): Buffer =>
  Buffer.concat([varint(1), varint(type), varint(version), ...fields])
const replicas = Buffer.concat([varint(2), int32(1)])

/** Values of the metadata log. */
export const metadataRecord = {
  topic: (name: string, id: string) => frame(2, 0, compactText(name), uuidToBytes(id), noTags),
  partition: (id: string, number: number, epoch: number) =>
    frame(
      3,
      1,
      ...[int32(number), uuidToBytes(id), replicas, replicas, varint(1), varint(1)],
      ...[int32(1), int32(epoch), int32(epoch), varint(2), Buffer.alloc(16), noTags],
    ),
  /** The fields are tagged: see `leader` and `inSync`. */
  partitionChange: (id: string, number: number, ...fields: Buffer[]) =>
    frame(5, 2, int32(number), uuidToBytes(id), varint(fields.length), ...fields),
  config: (resource: string, name: string, value: string | null, type = 2) =>
    frame(
      4,
      0,
      ...[Buffer.from([type]), compactText(resource), compactText(name), compactText(value)],
      noTags,
    ),
  topicRemoved: (id: string) => frame(9, 0, uuidToBytes(id), noTags),
  transactionBegun: () => frame(23, 0, noTags),
  transactionEnded: () => frame(24, 0, noTags),
  transactionAborted: () => frame(25, 0, noTags),
  /** Any other. */
  of: frame,
} as const

/** Fields of a partition change. */
export const leader = (node: number): Buffer => Buffer.concat([varint(1), varint(4), int32(node)])
export const inSync = Buffer.concat([varint(0), varint(replicas.length), replicas])

/** The key of a committed offset. */
export const offsetKey = (
  group: string,
  topic: string,
  partition: number,
  version: 0 | 1 = 1,
): Buffer => Buffer.concat([int16(version), text(group), text(topic), int32(partition)])

/** The value of a committed offset, in any of its versions; the commit is of the time 1000. */
export const offsetValue = (
  offset: number,
  {
    version = 3,
    metadata = '',
    expiresAtMs = -1,
  }: { version?: number; metadata?: string; expiresAtMs?: number } = {},
): Buffer =>
  Buffer.concat([
    int16(version),
    int64(offset),
    ...(version >= 3 ? [int32(9)] : []),
    version >= 4 ? compactText(metadata) : text(metadata),
    int64(1000),
    ...(version === 1 ? [int64(expiresAtMs)] : []),
    ...(version >= 4 ? [noTags] : []),
  ])

/** The key of a group's own record: 2 for the classic protocol, 3 for the newer one. */
export const groupKey = (group: string, kind: 2 | 3 = 2): Buffer =>
  Buffer.concat([int16(kind), text(group)])

/** As much of a classic group's value as tells its protocol type. */
export const groupValue = (protocolType: string, version: number): Buffer =>
  Buffer.concat([
    int16(version),
    version >= 4 ? compactText(protocolType) : text(protocolType),
    Buffer.alloc(20),
  ])
