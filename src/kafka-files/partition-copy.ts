import { join } from 'node:path'
import { type Disk, DiskError } from '#world'
import { corrupt, unusable } from './kafka-files-error.ts'
import { windowSize } from './limits.ts'
import { replaceText } from './replace-text.ts'

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
  await writeTopicId(disk, to, topicId)
  await disk.syncFolder(to)
  return size
}

/** Says in a partition folder whose it is. */
export const writeTopicId = (disk: Disk, folder: string, topicId: string): Promise<void> =>
  replaceText(disk, join(folder, 'partition.metadata'), `version: 0\ntopic_id: ${topicId}`)

/** Changes what is read before it is written; answers how many of the bytes are done with. */
export type Passing = (bytes: Buffer, position: number) => number

/** Copies a file durably, with its time; resolves to its size. */
export const copyFile = async (
  disk: Disk,
  from: string,
  to: string,
  pass: Passing = (bytes) => bytes.length,
): Promise<number> => {
  const source = await disk.open(from, 'read')
  try {
    const target = await disk.open(to, 'create')
    try {
      const size = await source.size()
      for (let position = 0; position < size; ) {
        const piece = Buffer.allocUnsafeSlow(Math.min(windowSize, size - position))
        const read = await source.read(piece, position)
        const done = pass(piece.subarray(0, read), position)
        if (done === 0) throw corrupt(`${from} cannot be read at byte ${position}.`)
        await target.write([piece.subarray(0, done)], position)
        position += done
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
