import { join } from 'node:path'
import { BytesError, Reader } from '#bytes'
import type { Disk } from '#world'
import { readBatches } from './batch-file.ts'
import { corrupt } from './kafka-files-error.ts'

const stateFolder = /^__transaction_state-\d+$/
const segmentFile = /^\d{20}\.log$/
const versionMax = 1
/** The coordinator has decided to commit, and its markers may be in some of the partitions only. */
const prepareCommit = 2

/**
 * Reads from the partitions of `__transaction_state` in a stopped Kafka's folder whose transactions were
 * decided to be committed and are not known to be (KIP-98), by transactional id. Throws a `KafkaFilesError`.
 */
export const readDecidedCommits = async (disk: Disk, kafkaFolder: string): Promise<string[]> => {
  const decided = new Set<string>()
  for (const name of (await disk.list(kafkaFolder)).filter((each) => stateFolder.test(each))) {
    const folder = join(kafkaFolder, name)
    for (const segment of (await disk.list(folder)).filter((each) => segmentFile.test(each)).sort())
      for await (const { isControl, records } of readBatches(disk, join(folder, segment)))
        for (const { key, value } of isControl ? [] : records) {
          const id = key ? transactionalIdOf(key) : undefined
          if (id === undefined) continue
          if (value && statusOf(value) === prepareCommit) decided.add(id)
          else decided.delete(id)
        }
  }
  return [...decided].sort()
}

const transactionalIdOf = (key: Buffer): string | undefined =>
  reading(key, (reader) => (reader.int16() === 0 ? reader.text(reader.int16()) : undefined))

const statusOf = (value: Buffer): number =>
  reading(value, (reader) => {
    const version = reader.int16()
    if (version < 0 || version > versionMax)
      throw corrupt(`A record of __transaction_state has version ${version}, which is not known.`)
    // The producer's id and epoch, and the timeout.
    reader.skip(8 + 2 + 4)
    return reader.int8()
  })

const reading = <T>(bytes: Buffer, read: (reader: Reader) => T): T => {
  try {
    return read(new Reader(bytes))
  } catch (error) {
    if (!(error instanceof BytesError)) throw error
    throw corrupt(`A record of __transaction_state is cut short or wrong: ${error.message}.`, error)
  }
}
