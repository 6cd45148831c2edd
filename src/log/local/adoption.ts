import { join } from 'node:path'
import { type Disk, DiskError } from '#world'
import { type PartitionOffset, readOffsets, writeOffsets } from './checkpoint-files.ts'
import { cleanStopName, cleanStopsName, logStartsName, recoveryPointsName } from './data-folder.ts'
import { replaceFile } from './segment.ts'

/**
 * Moves partition folders from one data folder into another, with what its checkpoints say of them. Both
 * were stopped in order, or the second is new, and nothing in it has one of the names. Afterwards all of
 * it is on disk; what is cut off before belongs to no topic, and a start sets it aside.
 */
export const adoptPartitions = async (
  disk: Disk,
  from: string,
  to: string,
  names: readonly string[],
): Promise<void> => {
  const moved = new Set(names)
  for (const file of [recoveryPointsName, logStartsName]) {
    const offsets = [
      ...((await readOffsets(disk, join(to, file))) ?? []),
      ...[...((await readOffsets(disk, join(from, file))) ?? [])].filter(([name]) =>
        moved.has(name),
      ),
    ]
    await writeOffsets(disk, join(to, file), [...new Map(offsets)].map(offsetOf))
  }
  const stops = { ...(await cleanStops(disk, to)), ...(await cleanStops(disk, from)) }
  await replaceFile(disk, join(to, cleanStopsName), Buffer.from(JSON.stringify(stops)))
  for (const name of names) await disk.rename(join(from, name), join(to, name))
  await disk.rename(join(from, cleanStopName), join(to, cleanStopName))
  await disk.syncFolder(to)
}

const offsetOf = ([name, offset]: [string, number]): PartitionOffset => {
  const dash = name.lastIndexOf('-')
  return { topic: name.slice(0, dash), partition: Number(name.slice(dash + 1)), offset }
}

const cleanStops = async (disk: Disk, folder: string): Promise<object> => {
  try {
    return JSON.parse((await disk.readFile(join(folder, cleanStopsName))).toString()) as object
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    if (error instanceof DiskError && error.kind === 'absent') return {}
    throw error
  }
}
