// A partition of ours as a Kafka takes it for its own: the same files, with no leader epoch above those that
// the Kafka has given out, in the batches too, where it lies outside the checksum.
import { join } from 'node:path'
import type { Uuid } from '#model'
import { batchHeaderSize, batchSizeOf, leaderEpochOf } from '#records'
import { type Disk, DiskError } from '#world'
import { corrupt, unusable } from './kafka-files-error.ts'
import { copyFile, type Passing, writeTopicId } from './partition-copy.ts'
import { replaceText } from './replace-text.ts'

const segmentFile = /^\d{20}\.log$/
const derivedFile = /^\d{20}\.(index|timeindex|txnindex|snapshot)$/
const epochsName = 'leader-epoch-checkpoint'
const leaderEpochPosition = 12
const snapshotHeaderSize = 10
const snapshotEntrySize = 46
const transactionStartPosition = 38

/** How a partition's copy is to differ from it. */
export interface ExportOptions {
  /** The id that the topic has in Kafka. */
  topicId: Uuid
  /** The partition's leader epoch in Kafka's metadata. */
  leaderEpochMax: number
  /** The offset after the last record. */
  logEnd: number
}

/** Copies a partition to a new folder, durably; resolves to the bytes copied. Throws a `KafkaFilesError`. */
export const exportPartition = async (
  disk: Disk,
  from: string,
  to: string,
  { topicId, leaderEpochMax, logEnd }: ExportOptions,
): Promise<number> => {
  const names = await disk.list(from)
  await refuseOpenTransactions(disk, from, logEnd)
  await disk.makeFolder(to)
  let size = 0
  for (const name of names) {
    const [source, target] = [join(from, name), join(to, name)]
    if (segmentFile.test(name))
      size += await copyFile(disk, source, target, lowerEpochs(source, leaderEpochMax))
    else if (derivedFile.test(name)) size += await copyFile(disk, source, target)
  }
  if (!names.some((name) => segmentFile.test(name))) {
    const path = join(to, `${String(logEnd).padStart(20, '0')}.log`)
    const file = await disk.open(path, 'create')
    await file.sync().finally(() => file.close())
  }
  const epochs = (await textOf(disk, join(from, epochsName))) ?? '0\n0\n'
  await replaceText(disk, join(to, epochsName), lowerCheckpoint(epochs, leaderEpochMax))
  await writeTopicId(disk, to, topicId)
  await disk.syncFolder(to)
  return size
}

/** Whether a partition folder of Kafka's has a segment with anything in it. */
export const hasRecords = async (disk: Disk, folder: string): Promise<boolean> => {
  for (const name of await disk.list(folder)) {
    if (!segmentFile.test(name)) continue
    if (Number(name.slice(0, 20)) > 0) return true
    const file = await disk.open(join(folder, name), 'read')
    if ((await file.size().finally(() => file.close())) > 0) return true
  }
  return false
}

/** Lowers the leader epoch of each batch of a segment to `epochMax`. */
const lowerEpochs = (path: string, epochMax: number): Passing => {
  let next = 0
  return (bytes, position) => {
    while (next < position + bytes.length) {
      const start = next - position
      // A header that the window cuts is read again with what follows it.
      if (start + batchHeaderSize > bytes.length) return start
      const size = batchSizeOf(bytes, start)
      if (size < batchHeaderSize) throw corrupt(`There is no batch at byte ${next} of ${path}.`)
      if (leaderEpochOf(bytes, start) > epochMax)
        bytes.writeInt32BE(epochMax, start + leaderEpochPosition)
      next += size
    }
    return bytes.length
  }
}

/** The text of a `leader-epoch-checkpoint` with no epoch above `epochMax`, each still with its first offset. */
export const lowerCheckpoint = (text: string, epochMax: number): string => {
  const [, , ...lines] = text.trimEnd().split('\n')
  const starts = new Map<number, number>()
  for (const line of lines) {
    const [, epoch, offset] = /^(\d+) (\d+)$/.exec(line) ?? []
    if (epoch === undefined) throw corrupt(`A ${epochsName} has a line '${line}'.`)
    const lowered = Math.min(Number(epoch), epochMax)
    if (!starts.has(lowered)) starts.set(lowered, Number(offset))
  }
  const kept = [...starts].map(([epoch, offset]) => `${epoch} ${offset}`)
  return ['0', kept.length, ...kept, ''].join('\n')
}

/** Nobody would end it in Kafka, whose coordinators know nothing of it. */
const refuseOpenTransactions = async (
  disk: Disk,
  folder: string,
  logEnd: number,
): Promise<void> => {
  const path = join(folder, `${String(logEnd).padStart(20, '0')}.snapshot`)
  const bytes = await bytesOf(disk, path)
  if (!bytes) {
    if (logEnd === 0) return
    throw unusable(`There is no ${path}: start the broker and stop it once.`)
  }
  for (let at = snapshotHeaderSize; at + snapshotEntrySize <= bytes.length; at += snapshotEntrySize)
    if (bytes.readBigInt64BE(at + transactionStartPosition) >= 0n)
      throw unusable(
        `Producer ${bytes.readBigInt64BE(at)} has an open transaction in ${folder}: end it first.`,
      )
}

const bytesOf = async (disk: Disk, path: string): Promise<Buffer | undefined> => {
  try {
    return await disk.readFile(path)
  } catch (error) {
    if (error instanceof DiskError && error.kind === 'absent') return undefined
    throw error
  }
}

const textOf = async (disk: Disk, path: string): Promise<string | undefined> =>
  (await bytesOf(disk, path))?.toString()
