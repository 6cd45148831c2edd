// Producer states on disk, named by the offset they were taken at. Kafka's `.snapshot` keeps the last
// batch of each producer; beside it `.producers` keeps all that are remembered, so that after a restart
// every retry is known that was known before.
import { join } from 'node:path'
import { crc32c } from '#bytes'
import { type Disk, DiskError } from '#world'
import {
  lastSequenceOf,
  newProducer,
  type ProducerEntry,
  ProducerStates,
} from '../producer-states.ts'
import { replaceAid, replaceFile, segmentName } from './segment.ts'

const headerSize = 10
const entrySize = 46
const kafkaVersion = 1
const ourVersion = 1

/** Writes both files for the states at `offset`; each holds its own checksum. */
export const writeSnapshot = async (
  disk: Disk,
  folder: string,
  offset: number,
  states: ProducerStates,
  durable: boolean,
): Promise<void> => {
  const replace = durable ? replaceFile : replaceAid
  const entries = [...states.entries]
  const stem = join(folder, segmentName(offset))
  const content = JSON.stringify({ version: ourVersion, entries })
  const sealed = `${crc32c(Buffer.from(content))}\n${content}`
  await replace(disk, `${stem}.producers`, Buffer.from(sealed))
  await replace(disk, `${stem}.snapshot`, encodeKafka(entries))
}

/** The states at `offset`; undefined when there are none, or none that are whole. */
export const readSnapshot = async (
  disk: Disk,
  folder: string,
  offset: number,
  countMax: number,
): Promise<ProducerStates | undefined> => {
  const stem = join(folder, segmentName(offset))
  const ours = await readOptional(disk, `${stem}.producers`)
  const entries =
    (ours && decodeOurs(ours)) ?? decodeKafka(await readOptional(disk, `${stem}.snapshot`))
  if (!entries) return undefined
  const states = new ProducerStates(countMax)
  for (const entry of entries) states.restore(entry)
  return states
}

/** The offsets at which a folder has snapshots, ascending. */
export const snapshotOffsets = (names: readonly string[]): number[] =>
  names
    .flatMap((name) => /^(\d{20})\.snapshot$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

export const removeSnapshot = async (disk: Disk, folder: string, offset: number): Promise<void> => {
  const stem = join(folder, segmentName(offset))
  await disk.remove(`${stem}.snapshot`)
  await disk.remove(`${stem}.producers`)
}

const readOptional = async (disk: Disk, path: string): Promise<Buffer | undefined> => {
  try {
    return await disk.readFile(path)
  } catch (error) {
    if (error instanceof DiskError && error.kind === 'absent') return undefined
    throw error
  }
}

const decodeOurs = (bytes: Buffer): ProducerEntry[] | undefined => {
  const lineEnd = bytes.indexOf('\n')
  const content = bytes.subarray(lineEnd + 1)
  if (lineEnd < 0 || bytes.toString('latin1', 0, lineEnd) !== String(crc32c(content)))
    return undefined
  const { version, entries } = JSON.parse(content.toString()) as {
    version: number
    entries: ProducerEntry[]
  }
  if (version !== ourVersion) return undefined
  // Those of a time before transactions say nothing of them.
  return entries.map((entry) => ({
    ...newProducer(entry.producerId, entry.producerEpoch, entry.lastSeenMs),
    ...entry,
  }))
}

const encodeKafka = (entries: readonly ProducerEntry[]): Buffer => {
  const bytes = Buffer.alloc(headerSize + entries.length * entrySize)
  bytes.writeInt16BE(kafkaVersion, 0)
  bytes.writeInt32BE(entries.length, 6)
  entries.forEach((entry, index) => {
    const last = entry.batches.at(-1)
    const position = headerSize + index * entrySize
    bytes.writeBigInt64BE(BigInt(entry.producerId), position)
    bytes.writeInt16BE(entry.producerEpoch, position + 8)
    bytes.writeInt32BE(last?.lastSequence ?? -1, position + 10)
    bytes.writeBigInt64BE(BigInt(last?.lastOffset ?? -1), position + 14)
    bytes.writeInt32BE(last ? last.lastOffset - last.baseOffset : 0, position + 22)
    bytes.writeBigInt64BE(BigInt(Math.round(entry.lastSeenMs)), position + 26)
    bytes.writeInt32BE(entry.coordinatorEpoch, position + 34)
    bytes.writeBigInt64BE(BigInt(entry.transactionStart), position + 38)
  })
  bytes.writeUInt32BE(crc32c(bytes.subarray(6)), 2)
  return bytes
}

const decodeKafka = (bytes: Buffer | undefined): ProducerEntry[] | undefined => {
  if (!bytes || bytes.length < headerSize || bytes.readInt16BE(0) !== kafkaVersion) return undefined
  const count = bytes.readInt32BE(6)
  if (bytes.length !== headerSize + count * entrySize) return undefined
  if (bytes.readUInt32BE(2) !== crc32c(bytes.subarray(6))) return undefined
  return Array.from({ length: count }, (_, index) =>
    decodeEntry(bytes, headerSize + index * entrySize),
  )
}

const decodeEntry = (bytes: Buffer, position: number): ProducerEntry => {
  const lastSequence = bytes.readInt32BE(position + 10)
  const lastOffset = Number(bytes.readBigInt64BE(position + 14))
  const delta = bytes.readInt32BE(position + 22)
  const firstSequence =
    lastSequence >= delta ? lastSequence - delta : lastSequence - delta + 2 ** 31
  const batch = { firstSequence, lastSequence, baseOffset: lastOffset - delta, lastOffset }
  const whole = lastSequence >= 0 && lastSequenceOf(firstSequence, delta + 1) === lastSequence
  return {
    producerId: Number(bytes.readBigInt64BE(position)),
    producerEpoch: bytes.readInt16BE(position + 8),
    lastSeenMs: Number(bytes.readBigInt64BE(position + 26)),
    coordinatorEpoch: bytes.readInt32BE(position + 34),
    transactionStart: Number(bytes.readBigInt64BE(position + 38)),
    batches: whole ? [batch] : [],
  }
}
