// Everything that is not deterministic, behind interfaces: clock, timers, chance, disk, network, database, log lines.
// A broker gets one `World` from main.ts; a simulation hands it another from a seed.
export { type Clock, nextTurn, realClock, type Timer } from './clock.ts'
export type {
  Database,
  Databases,
  FolderLock,
  Row,
  SqlValue,
  Statement,
} from './database.ts'
export { DatabaseError, type DatabaseErrorCode } from './database-error.ts'
export type { DatabaseFile, Step, StepOutcome } from './database-file.ts'
export {
  type Disk,
  DiskError,
  type DiskErrorCode,
  type DiskErrorKind,
  type DiskFile,
  type OpenMode,
} from './disk.ts'
export type { Http, HttpAnswer, HttpOptions, HttpRequest } from './http.ts'
export { loadDatabaseFile } from './load-database-file.ts'
export { jsonLogger, type LogFields, type Logger, textLogger } from './logger.ts'
export type {
  ListenOptions,
  Network,
  NetworkListener,
  Socket,
  SocketEvents,
} from './network.ts'
export { type Random, realRandom } from './random.ts'
export { realDatabases } from './real-database.ts'
export { realDisk } from './real-disk.ts'
export { realHttp } from './real-http.ts'
export { realNetwork } from './real-network.ts'
export { realThreads } from './real-threads.ts'
export {
  sameThread,
  type Thread,
  ThreadEnded,
  type ThreadSurroundings,
  type Threads,
  type ThreadWork,
} from './threads.ts'

import type { Clock } from './clock.ts'
import type { Databases } from './database.ts'
import type { Disk } from './disk.ts'
import type { Http } from './http.ts'
import type { Logger } from './logger.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Threads } from './threads.ts'

/** What a broker half needs of the outside. */
export interface World {
  clock: Clock
  random: Random
  disk: Disk
  network: Network
  http: Http
  databases: Databases
  /** Where work that takes long goes on beside the event loop. */
  threads: Threads
  logger: Logger
}
