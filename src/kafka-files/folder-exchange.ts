// Partition folders take the place of others in Kafka's folder. Until all of it is done Kafka would have to
// recover what it finds, and for a name that is on its way it knows that it may be removed.
import { join } from 'node:path'
import type { Disk } from '#world'
import type { KafkaFolder } from './kafka-folder.ts'
import { readOffsetCheckpoint, writeOffsetCheckpoint } from './offset-checkpoint.ts'
import { replaceText } from './replace-text.ts'

const cleanStopName = '.kafka_cleanshutdown'

/** A partition whose copy stands in Kafka's folder under a name of `awayName`. */
export interface Replacement {
  /** The partition's folder. */
  name: string
  /** Where the copy is until then. */
  away: string
  logStart: number
  logEnd: number
}

/** The name of a folder that Kafka removes when it finds it; `number` tells them apart. */
export const awayName = (number: number): string =>
  `odradek-export-${number}.${'0'.repeat(32)}-delete`

/** Puts the copies in their places, and makes Kafka's checkpoints say what they hold. */
export const exchangeFolders = async (
  disk: Disk,
  { path, names }: KafkaFolder,
  replacements: readonly Replacement[],
): Promise<void> => {
  const cleanStop = (await disk.readFile(join(path, cleanStopName))).toString()
  await disk.remove(join(path, cleanStopName))
  await disk.syncFolder(path)
  for (const { name, away } of replacements) {
    if (names.has(name)) await disk.rename(join(path, name), join(path, replacedName(away)))
    await disk.rename(join(path, away), join(path, name))
  }
  const ends = new Map(replacements.map(({ name, logEnd }) => [name, logEnd]))
  const starts = new Map(
    replacements
      .filter(({ logStart }) => logStart > 0)
      .map(({ name, logStart }) => [name, logStart]),
  )
  await merge(disk, join(path, 'recovery-point-offset-checkpoint'), ends)
  await merge(disk, join(path, 'replication-offset-checkpoint'), ends)
  await merge(disk, join(path, 'log-start-offset-checkpoint'), starts)
  await replaceText(disk, join(path, cleanStopName), cleanStop)
  await disk.syncFolder(path)
  for (const { away } of replacements) await disk.remove(join(path, replacedName(away)))
}

/** What a copy has replaced goes by the name that the copy had, but for a digit. */
const replacedName = (away: string): string => away.replace(/0-delete$/, '1-delete')

const merge = async (
  disk: Disk,
  path: string,
  offsets: ReadonlyMap<string, number>,
): Promise<void> => {
  const before = await readOffsetCheckpoint(disk, path)
  await writeOffsetCheckpoint(disk, path, new Map([...before, ...offsets]))
}
