import type { Database, Databases } from '#world'

/** Databases that acknowledge writes before they are committed: a bug for a checker to find. */
export const hastyDatabases = (databases: Databases): Databases => ({
  lock: (path) => databases.lock(path),
  open: async (path) => hasty(await databases.open(path)),
})

const hasty = (database: Database): Database => ({
  write: (statements) => {
    const written = database.write(statements)
    // Somebody waits for what it reads.
    if (statements.some(({ sql }) => /\bSELECT\b|\bRETURNING\b/.test(sql))) return written
    written.catch(() => undefined)
    return Promise.resolve(statements.map(() => []))
  },
  close: () => database.close(),
})
