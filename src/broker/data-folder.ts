import { join } from 'node:path'
import { DatabaseError, type Databases, type Disk, DiskError, type FolderLock } from '#world'
import { StartError } from './start-error.ts'

/** Less than this is a full disk: the metadata alone needs some of it. */
const freeBytesMin = 4 * 1024 * 1024

/** Makes the data folder where it is missing and takes its lock; throws a `StartError` otherwise. */
export const takeDataFolder = async (
  disk: Disk,
  databases: Databases,
  folder: string,
): Promise<FolderLock> => {
  try {
    await disk.makeFolder(folder)
    if ((await disk.freeBytes(folder)) < freeBytesMin) throw full(folder)
    return await databases.lock(join(folder, 'lock.db'))
  } catch (error) {
    throw startErrorOf(error, folder)
  }
}

/** The sentence for a disk or database that does not let the broker start. */
export const startErrorOf = (error: unknown, folder: string): unknown => {
  if (error instanceof DiskError)
    return error.kind === 'full' ? full(folder) : unusable(folder, error.code.slice('DISK_'.length))
  if (!(error instanceof DatabaseError)) return error
  if (error.code === 'DATABASE_LOCKED')
    return new StartError(
      `The data folder ${folder} is in use by another process: stop it, or choose another folder with --data.`,
    )
  return unusable(folder, error.message)
}

const full = (folder: string): StartError =>
  new StartError(
    `The disk of the data folder ${folder} is full: make room, or choose another folder with --data.`,
  )

const unusable = (folder: string, reason: string): StartError =>
  new StartError(
    `The data folder ${folder} cannot be used (${reason}): make it a folder that this user may write, or choose another with --data.`,
  )
