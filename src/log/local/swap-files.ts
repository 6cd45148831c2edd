// Putting a cleaned segment in the place of those it was made from, so that whatever stops it in between
// a start finds either the old ones or the new one. With a cleaned segment at 0 for those at 0 and 7:
//
//     written    0.log.cleaned                  0.log   7.log        the old ones count
//     decided    0.log.swap                     0.log   7.log        from here on the new one counts
//     set aside  0.log.swap                     0.log   7.log.deleted
//     done       0.log (was .swap)                      7.log.deleted
//
// The folder is synced between these. `0.log` is replaced in one step; the index files go first from the
// old segment and come last with the new one, so that none ever stands beside a log it does not belong
// to: a missing one is made again.
import { join } from 'node:path'
import { type Disk, DiskError } from '#world'
import { deletedFileEnding as deletedEnding, segmentName } from './segment.ts'

/** What names end in that are being written, and being swapped in. */
export const cleanedEnding = '.cleaned'
export const swapEnding = '.swap'

/** The endings of files that only help to find a place in a log. */
export const aidEndings = ['index', 'timeindex', 'txnindex'] as const

const fileOf = (folder: string, baseOffset: number, ending: string): string =>
  join(folder, `${segmentName(baseOffset)}.${ending}`)

/** Decides for a cleaned segment whose files are synced: rejects when it may not be decided. */
export const decideSwap = async (disk: Disk, folder: string, baseOffset: number): Promise<void> => {
  for (const ending of aidEndings)
    await renameIfThere(disk, fileOf(folder, baseOffset, ending), cleanedEnding, swapEnding)
  const log = fileOf(folder, baseOffset, 'log')
  await disk.rename(`${log}${cleanedEnding}`, `${log}${swapEnding}`)
  await disk.syncFolder(folder)
}

/** Sets the old segments aside; of the one at `baseOffset` only the indexes. */
export const setOldAside = async (
  disk: Disk,
  folder: string,
  baseOffset: number,
  oldOffsets: readonly number[],
): Promise<void> => {
  for (const old of oldOffsets.toReversed()) {
    for (const ending of aidEndings)
      await renameIfThere(disk, fileOf(folder, old, ending), '', deletedEnding)
    if (old !== baseOffset) await renameIfThere(disk, fileOf(folder, old, 'log'), '', deletedEnding)
  }
  await disk.syncFolder(folder)
}

/** Gives a decided segment its place. */
export const finishSwap = async (disk: Disk, folder: string, baseOffset: number): Promise<void> => {
  for (const ending of [...aidEndings, 'log'])
    await renameIfThere(disk, fileOf(folder, baseOffset, ending), swapEnding, '')
  await disk.syncFolder(folder)
}

/** Removes what a cleaning has written or begun to swap in, the log first. */
export const undoCleaning = async (
  disk: Disk,
  folder: string,
  baseOffset: number,
): Promise<void> => {
  for (const ending of ['log', ...aidEndings]) {
    await disk.remove(`${fileOf(folder, baseOffset, ending)}${swapEnding}`)
    await disk.remove(`${fileOf(folder, baseOffset, ending)}${cleanedEnding}`)
  }
}

/** Removes what a swap has set aside. */
export const removeOld = async (
  disk: Disk,
  folder: string,
  oldOffsets: readonly number[],
): Promise<void> => {
  for (const old of oldOffsets)
    for (const ending of ['log', ...aidEndings])
      await disk.remove(`${fileOf(folder, old, ending)}${deletedEnding}`)
}

const renameIfThere = async (disk: Disk, path: string, from: string, to: string): Promise<void> => {
  try {
    await disk.rename(`${path}${from}`, `${path}${to}`)
  } catch (error) {
    if (!(error instanceof DiskError && error.kind === 'absent')) throw error
  }
}
