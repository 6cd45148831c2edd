import { join } from 'node:path'
import { type Disk, DiskError } from '#world'
import { unusable } from './kafka-files-error.ts'
import { windowSize } from './limits.ts'

/** What makes up a log; what is on its way in or out of it, and what only a name says, is not copied. */
const logFile = /^(\d{20}\.(log|index|timeindex|txnindex|snapshot)|leader-epoch-checkpoint)$/
const swapFile = /\.swap$/

/**
 * Copies the log in a partition folder to a new folder, durably, with the times of its files, and writes
 * whose it is. Resolves to the bytes copied. Throws a `KafkaFilesError` when the folder is not there, or
 * not in order.
 */
export const copyPartition = async (
  disk: Disk,
  from: string,
  to: string,
  topicId: string,
): Promise<number> => {
  const names = await namesIn(disk, from)
  if (names.some((name) => swapFile.test(name)))
    throw unusable(`A cleaning of ${from} was cut short: start Kafka and stop it once.`)
  await disk.makeFolder(to)
  let size = 0
  for (const name of names.filter((each) => logFile.test(each)))
    size += await copyFile(disk, join(from, name), join(to, name))
  const metadata = await disk.open(join(to, 'partition.metadata'), 'create')
  try {
    await metadata.write([Buffer.from(`version: 0\ntopic_id: ${topicId}`)], 0)
    await metadata.sync()
  } finally {
    await metadata.close()
  }
  await disk.syncFolder(to)
  return size
}

const copyFile = async (disk: Disk, from: string, to: string): Promise<number> => {
  const source = await disk.open(from, 'read')
  try {
    const target = await disk.open(to, 'create')
    try {
      const size = await source.size()
      for (let position = 0; position < size; position += windowSize) {
        const piece = Buffer.allocUnsafeSlow(Math.min(windowSize, size - position))
        const read = await source.read(piece, position)
        await target.write([piece.subarray(0, read)], position)
      }
      await target.sync()
      return size
    } finally {
      await target.close()
      // Retention goes by it where records have no time.
      await disk.setModifiedMs(to, await disk.modifiedMs(from))
    }
  } finally {
    await source.close()
  }
}

const namesIn = async (disk: Disk, folder: string): Promise<string[]> => {
  try {
    return await disk.list(folder)
  } catch (error) {
    if (!(error instanceof DiskError && error.kind === 'absent')) throw error
    throw unusable(
      `There is no ${folder}: all partitions have to be in one folder, so all of log.dirs in one and all replicas on one broker.`,
    )
  }
}
