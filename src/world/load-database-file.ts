/**
 * The file behind a database, for whoever wants to write it on the thread it is on, as a simulation does.
 * SQLite is loaded only then.
 */
export const loadDatabaseFile = () => import('./database-file.ts')
