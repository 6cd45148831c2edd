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

/**
 * Throws a `StartError` when a folder whose metadata is new holds partitions: somebody lost the database,
 * and to go on would be to set all records aside.
 */
export const refuseWithoutMetadata = async (disk: Disk, folder: string): Promise<void> => {
  const names = await disk.list(folder)
  const found = names.find((name) => /^.+-\d+$/.test(name))
  if (found !== undefined)
    throw new StartError(
      `The data folder ${folder} holds partitions, such as ${found}, but its metadata.db is new: put the database back with its -wal file, or choose another folder with --data.`,
    )
}

/** The sentence for a disk or database that does not let the broker start. */
export const startErrorOf = (error: unknown, folder: string): unknown => {
  if (error instanceof DiskError)
    return error.kind === 'full' ? full(folder) : unusable(folder, error.message)
  if (!(error instanceof DatabaseError)) return error
  if (error.code === 'DATABASE_LOCKED')
    return new StartError(
      `The data folder ${folder} is in use by another process: stop it, or choose another folder with --data.`,
    )
  if (/malformed|not a database/.test(error.message))
    return new StartError(
      `The metadata.db of the data folder ${folder} is damaged (${error.message}): put a copy of it back, or choose another folder with --data.`,
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
