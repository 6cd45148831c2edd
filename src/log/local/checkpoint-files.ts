// Kafka's small text files: a version line, a count line, then so many lines of words.
import { join } from 'node:path'
import { type Disk, DiskError } from '#world'
import type { EpochStart } from '../epochs.ts'
import { replaceFile } from './segment.ts'

const version = '0'

/** The lines of a checkpoint file; undefined when it is missing or not whole. */
const readLines = async (disk: Disk, path: string): Promise<string[][] | undefined> => {
  let text: string
  try {
    text = (await disk.readFile(path)).toString('utf8')
  } catch (error) {
    if (error instanceof DiskError && error.kind === 'absent') return undefined
    throw error
  }
  const [first, count, ...lines] = text.split('\n')
  const words = lines.filter((line) => line !== '').map((line) => line.split(' '))
  // Each line ends with two numbers, here and in Kafka's own files.
  const isWhole = words.every((line) => line.length >= 2 && line.slice(-2).every(isNumber))
  return first === version && Number(count) === words.length && isWhole ? words : undefined
}

const isNumber = (word: string): boolean => /^\d{1,16}$/.test(word)

const writeLines = (disk: Disk, path: string, lines: readonly string[]): Promise<void> =>
  replaceFile(disk, path, Buffer.from([version, String(lines.length), ...lines, ''].join('\n')))

/** The name of a partition's folder. */
export const partitionName = (topic: string, partition: number): string => `${topic}-${partition}`

/** An offset of each partition by its folder's name, as in `recovery-point-offset-checkpoint`. */
export const readOffsets = async (
  disk: Disk,
  path: string,
): Promise<Map<string, number> | undefined> => {
  const lines = await readLines(disk, path)
  return (
    lines &&
    new Map(lines.map(([topic, partition, offset]) => [`${topic}-${partition}`, Number(offset)]))
  )
}

/** One line of such a file. */
export interface PartitionOffset {
  topic: string
  partition: number
  offset: number
}

export const writeOffsets = (
  disk: Disk,
  path: string,
  offsets: Iterable<PartitionOffset>,
): Promise<void> =>
  writeLines(
    disk,
    path,
    [...offsets].map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`),
  )

const epochsName = 'leader-epoch-checkpoint'

/** The epochs of a partition's log; undefined when the file is missing or wrong. */
export const readEpochs = async (disk: Disk, folder: string): Promise<EpochStart[] | undefined> => {
  const lines = await readLines(disk, join(folder, epochsName))
  return lines?.map(([epoch, startOffset]) => ({
    epoch: Number(epoch),
    startOffset: Number(startOffset),
  }))
}

export const writeEpochs = (
  disk: Disk,
  folder: string,
  starts: readonly EpochStart[],
): Promise<void> =>
  writeLines(
    disk,
    join(folder, epochsName),
    starts.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`),
  )

const metadataName = 'partition.metadata'

/** The topic id that a partition folder belongs to; undefined when it does not say. */
export const readTopicId = async (disk: Disk, folder: string): Promise<string | undefined> => {
  try {
    const text = (await disk.readFile(join(folder, metadataName))).toString('utf8')
    return /^topic_id: (\S{22})$/m.exec(text)?.[1]
  } catch (error) {
    if (error instanceof DiskError && error.kind === 'absent') return undefined
    throw error
  }
}

export const writeTopicId = (disk: Disk, folder: string, topicId: string): Promise<void> =>
  replaceFile(disk, join(folder, metadataName), Buffer.from(`version: 0\ntopic_id: ${topicId}`))
