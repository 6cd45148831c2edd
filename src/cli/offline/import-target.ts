import { join } from 'node:path'
import { hasStoppedCleanly } from '#log'
import { MetadataStore, type StoredState } from '#metadata'
import { type Database, DatabaseError, type World } from '#world'
import { CommandError } from '../command.ts'

/** The data folder that something is imported into: no broker runs on it, and none can start meanwhile. */
export interface ImportTarget {
  path: string
  names: ReadonlySet<string>
  database: Database
  state: StoredState
}

const partitionFolder = /^.+-\d+$/

/**
 * Opens a data folder, which is made where there is none, for as long as `work` runs. Throws a
 * `CommandError` when a broker has it or did not stop in order.
 */
export const withImportTarget = async (
  path: string,
  { disk, databases, random }: World,
  work: (target: ImportTarget) => Promise<void>,
): Promise<void> => {
  await disk.makeFolder(path)
  const lock = await databases.lock(join(path, 'lock.db')).catch((error: unknown) => {
    if (error instanceof DatabaseError && error.code === 'DATABASE_LOCKED')
      throw new CommandError(`A broker uses the data folder ${path}: stop it first.`)
    throw error
  })
  try {
    const names = new Set(await disk.list(path))
    if (names.has('metadata.db') && !hasStoppedCleanly([...names]) && hasPartitions(names))
      throw new CommandError(
        `The broker of ${path} did not stop in order: start it and stop it once.`,
      )
    const database = await databases.open(join(path, 'metadata.db'))
    const store = new MetadataStore(database)
    try {
      const state = await store.start(random, async () => {
        if (hasPartitions(names))
          throw new CommandError(`${path} holds partitions and no metadata: choose another folder.`)
      })
      await work({ path, names, database, state })
    } finally {
      await store.close()
    }
  } finally {
    await lock.release()
  }
}

const hasPartitions = (names: ReadonlySet<string>): boolean =>
  [...names].some((name) => partitionFolder.test(name))
