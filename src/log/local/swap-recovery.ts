// What a stop in the middle of a compaction left: see `swap-files.ts`. Kafka's rule: what was only
// written is dropped, what was decided is completed.
import { join } from 'node:path'
import { lastOffsetOf } from '#records'
import type { Disk, Logger } from '#world'
import { scanBatches } from './batch-scan.ts'
import { deletedFileEnding } from './segment.ts'
import { aidEndings, cleanedEnding, finishSwap, setOldAside, swapEnding } from './swap-files.ts'

const segmentFile = new RegExp(`^(\\d{20})\\.(log|${aidEndings.join('|')})$`)
const swapFile = /^(\d{20})\.log\.swap$/
const leftover = new RegExp(
  `(${[cleanedEnding, deletedFileEnding, swapEnding].map((ending) => `\\${ending}`).join('|')})(\\.tmp)?$`,
)

/** Completes or undoes swaps, and returns the names that are then in the folder. */
export const finishSwaps = async (
  disk: Disk,
  logger: Logger,
  folder: string,
): Promise<readonly string[]> => {
  const names = await disk.list(folder)
  if (!names.some((name) => leftover.test(name))) return names
  for (const name of names.filter((each) => swapFile.test(each)))
    if (!(await complete(disk, logger, folder, name, names))) return names
  for (const name of await disk.list(folder))
    if (leftover.test(name)) await disk.remove(join(folder, name))
  await disk.syncFolder(folder)
  return disk.list(folder)
}

/** False when the cleaned segment is damaged: all files stay, for a person to look at. */
const complete = async (
  disk: Disk,
  logger: Logger,
  folder: string,
  name: string,
  names: readonly string[],
): Promise<boolean> => {
  const path = join(folder, name)
  const baseOffset = Number(swapFile.exec(name)![1])
  const end = await endOf(disk, path, baseOffset)
  if (end === undefined) {
    logger.error('a cleaned segment is damaged and does not replace those it was made from', {
      file: path,
    })
    return false
  }
  logger.info('complete the swap of a cleaned segment', { file: path })
  const replaced = names
    .flatMap((name) => segmentFile.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((offset) => offset >= baseOffset && offset < end)
  await setOldAside(
    disk,
    folder,
    baseOffset,
    [...new Set(replaced)].sort((a, b) => a - b),
  )
  await finishSwap(disk, folder, baseOffset)
  return true
}

/** The offset that a whole segment ends at; undefined when it is not whole. */
const endOf = async (disk: Disk, path: string, baseOffset: number): Promise<number | undefined> => {
  let end = baseOffset
  const file = await disk.open(path, 'read')
  try {
    const rules = { checksums: true, nextOffset: baseOffset }
    const { invalid } = await scanBatches(file, 0, await file.size(), rules, ({ bytes, start }) => {
      end = lastOffsetOf(bytes, start) + 1
      return true
    })
    return invalid ? undefined : end
  } finally {
    await file.close()
  }
}
