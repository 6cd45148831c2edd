import { join } from 'node:path'
import { hasStoppedCleanly, type PartitionCheckpoints, readCheckpoints } from '#log'
import { DatabaseError, DiskError, type World } from '#world'
import { CommandError } from '../command.ts'

/** The data folder of a broker that does not run, and that none can start on meanwhile. */
export interface StoppedFolder {
  path: string
  /** Else a start has something to put right first, and files may look worse than they are. */
  isClean: boolean
  /** The folders of partitions, in order. */
  partitions: readonly string[]
  checkpoints: PartitionCheckpoints
}

const partitionFolder = /^.+-\d+$/

/** Reads `--data DIR`; throws a `CommandError`. */
export const dataFolderOf = (args: readonly string[]): string => {
  if (args.length === 0) return './odradek-data'
  const [, attached] = /^--data=(.+)$/.exec(args[0]!) ?? []
  const path = attached ?? (args[0] === '--data' ? args[1] : undefined)
  if (path === undefined || args.length > (attached === undefined ? 2 : 1))
    throw new CommandError('The only option is --data DIR, the data folder of a stopped broker.')
  return path
}

/** Takes the folder's lock for as long as `work` runs; throws a `CommandError` when a broker has it. */
export const withStoppedFolder = async <T>(
  path: string,
  { disk, databases }: World,
  work: (folder: StoppedFolder) => Promise<T>,
): Promise<T> => {
  const names = await namesIn(path, disk)
  const lock = await databases.lock(join(path, 'lock.db')).catch((error: unknown) => {
    if (error instanceof DatabaseError && error.code === 'DATABASE_LOCKED')
      throw new CommandError(`A broker uses the data folder ${path}: stop it first.`)
    throw error
  })
  try {
    const checkpoints = await readCheckpoints(disk, path)
    const partitions = names.filter((name) => partitionFolder.test(name)).sort()
    const lost = [...checkpoints.recoveryPoints.keys()].filter((name) => !names.includes(name))
    if (lost.length > 0) partitions.push(...lost)
    return await work({ path, isClean: hasStoppedCleanly(names), partitions, checkpoints })
  } finally {
    await lock.release()
  }
}

const namesIn = async (path: string, disk: World['disk']): Promise<string[]> => {
  try {
    const names = await disk.list(path)
    if (names.includes('metadata.db')) return names
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
  throw new CommandError(`${path} is no data folder of a broker: name one with --data.`)
}
