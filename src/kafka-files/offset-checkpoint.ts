import { type Disk, DiskError } from '#world'
import { corrupt } from './kafka-files-error.ts'
import { replaceText } from './replace-text.ts'

/**
 * Reads one of Kafka's checkpoints, such as `log-start-offset-checkpoint`: an offset for each partition, by
 * its folder's name. A file that is not there says nothing. Throws a `KafkaFilesError`.
 */
export const readOffsetCheckpoint = async (
  disk: Disk,
  path: string,
): Promise<Map<string, number>> => {
  const text = await textOf(disk, path)
  if (text === undefined) return new Map()
  const [version, count, ...lines] = text.trimEnd().split('\n')
  const entries = lines.map((line): [string, number] => {
    const [, topic, partition, offset] = /^(\S+) (\d+) (\d+)$/.exec(line) ?? []
    if (topic === undefined) throw corrupt(`${path} has a line that says no offset: '${line}'.`)
    return [`${topic}-${partition}`, Number(offset)]
  })
  if (version !== '0' || Number(count) !== entries.length)
    throw corrupt(`${path} is not whole: it does not have as many lines as it says.`)
  return new Map(entries)
}

/** Replaces such a file by one that says this, durably but for the folder's own entry. */
export const writeOffsetCheckpoint = (
  disk: Disk,
  path: string,
  offsets: ReadonlyMap<string, number>,
): Promise<void> => {
  const lines = [...offsets].map(([name, offset]) => `${name.replace(/-(\d+)$/, ' $1')} ${offset}`)
  return replaceText(disk, path, ['0', lines.length, ...lines, ''].join('\n'))
}

const textOf = async (disk: Disk, path: string): Promise<string | undefined> => {
  try {
    return (await disk.readFile(path)).toString()
  } catch (error) {
    if (error instanceof DiskError && error.kind === 'absent') return undefined
    throw error
  }
}
