import { join } from 'node:path'
import { DatabaseError, DiskError, type World } from '#world'
import { unusable } from './kafka-files-error.ts'
import { readOffsetCheckpoint } from './offset-checkpoint.ts'

/** The data folder of a Kafka that was stopped in order, and that cannot be started meanwhile. */
export interface KafkaFolder {
  path: string
  /** What is in it. */
  names: ReadonlySet<string>
  /** Where logs begin and end, by the folder of the partition; what is not named begins with its first segment. */
  logStarts: ReadonlyMap<string, number>
  logEnds: ReadonlyMap<string, number>
}

/**
 * Holds Kafka's own lock on its folder for as long as `work` runs. Throws a `KafkaFilesError` when a
 * Kafka has it, when the last one did not stop in order, and for what is no folder of Kafka's.
 */
export const withKafkaFolder = async <T>(
  path: string,
  { disk, databases }: Pick<World, 'disk' | 'databases'>,
  work: (folder: KafkaFolder) => Promise<T>,
): Promise<T> => {
  await checkProperties(path, disk)
  // SQLite locks a stretch of the file in the way of the operating system, and Kafka all of it.
  const lock = await databases.lock(join(path, '.lock')).catch((error: unknown) => {
    if (error instanceof DatabaseError && error.code === 'DATABASE_LOCKED')
      throw unusable(`A Kafka uses the folder ${path}: stop it first.`)
    throw error
  })
  try {
    const names = new Set(await disk.list(path))
    if (!names.has('.kafka_cleanshutdown'))
      throw unusable(`Kafka did not stop in order in ${path}: start it and stop it once.`)
    const logStarts = await readOffsetCheckpoint(disk, join(path, 'log-start-offset-checkpoint'))
    const logEnds = await readOffsetCheckpoint(disk, join(path, 'recovery-point-offset-checkpoint'))
    return await work({ path, names, logStarts, logEnds })
  } finally {
    await lock.release()
  }
}

const checkProperties = async (path: string, disk: World['disk']): Promise<void> => {
  let text: string
  try {
    text = (await disk.readFile(join(path, 'meta.properties'))).toString()
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    throw unusable(
      `${path} has no meta.properties: name the folder that log.dirs of Kafka's properties names.`,
    )
  }
  if (!/^version=1\s*$/m.test(text) || !/^node\.id=\d+\s*$/m.test(text))
    throw unusable(`${path} has a meta.properties that is not of a Kafka in KRaft mode.`)
}
