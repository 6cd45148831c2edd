// SQLite files that the power is cut from. SQLite does its own I/O, so the files are real ones, in a folder
// of their own, written by the code that a broker writes them with; what a cut leaves is worked out from
// what is known of the order in which SQLite writes and syncs in WAL mode (seen with strace):
//
//   commit      the WAL's header, when it begins anew, and a sync; frames; under synchronous=FULL a sync
//   checkpoint  inside the commit that reaches `wal_autocheckpoint`: a sync of the WAL, pages of the
//               database, a sync of the database; the WAL is written from its beginning afterwards
//   close       a checkpoint; the WAL is removed, without a sync of its folder
//
// Each write and each sync is an operation on the machine's disk, so the power may go before it. Then the
// files are copied: whole up to what was synced, and of what was not whatever chance lets through, sector
// by sector, cut off and torn at any byte.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import {
  type Database,
  DatabaseError,
  type DatabaseFile,
  type Databases,
  type FolderLock,
  loadDatabaseFile,
  type Row,
  type Statement,
  type StepOutcome,
} from '#world'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

const sqlite = await loadDatabaseFile()

const sectorSize = 512
const walHeaderSize = 32

/** A database's two files; without bytes a file is not there. */
interface Files {
  database: Buffer
  log: Buffer
}

const none: Files = { database: Buffer.alloc(0), log: Buffer.alloc(0) }

/** How the files of a simulation are written besides what a broker says. */
export interface SimulatedDatabaseOptions {
  /** Such as `wal_autocheckpoint=7`, so that short lives see checkpoints, or a planted bug. */
  pragmas?: readonly string[]
}

/** The databases of one machine, whose power is that of its disk; `cut` is what its next start finds. */
export class SimulatedDatabases implements Databases {
  readonly #disk: SimulatedDisk
  readonly #random: SeededRandom
  readonly #options: SimulatedDatabaseOptions
  readonly #left: ReadonlyMap<string, Files>
  readonly #folder: string
  readonly #open = new Map<string, SimulatedDatabase>()

  constructor(
    disk: SimulatedDisk,
    random: SeededRandom,
    options: SimulatedDatabaseOptions = {},
    left: ReadonlyMap<string, Files> = new Map(),
  ) {
    this.#disk = disk
    this.#random = random
    this.#options = options
    this.#left = left
    this.#folder = fs.mkdtempSync(join(memoryFolder(), 'odradek-databases-'))
  }

  async open(path: string): Promise<Database> {
    await this.#disk.pause()
    const left = this.#open.get(path)?.left ?? this.#left.get(path) ?? none
    const { pragmas = [] } = this.#options
    const file = join(this.#folder, `${this.#open.size}-${basename(path)}`)
    const database = new SimulatedDatabase(this.#disk, file, left, pragmas)
    this.#open.set(path, database)
    await this.#disk.pause()
    return database
  }

  async lock(): Promise<FolderLock> {
    return { release: async () => undefined }
  }

  /** The power is gone: the databases as the next start of this machine finds them. */
  cut(disk: SimulatedDisk, options: SimulatedDatabaseOptions = this.#options): SimulatedDatabases {
    const left = new Map(this.#left)
    for (const [path, database] of this.#open) left.set(path, database.lose(this.#random))
    this.dispose()
    return new SimulatedDatabases(disk, this.#random.fork(), options, left)
  }

  /** Lets go of all files. */
  dispose(): void {
    for (const database of this.#open.values()) database.letGo()
    this.#open.clear()
    fs.rmSync(this.#folder, { recursive: true, force: true })
  }
}

interface Waiting {
  statements: readonly Statement[]
  settle(outcome: StepOutcome): void
}

/** What of the files is certain to outlive a cut, and what reads see. */
interface Durability {
  synced: Files
  written: Files
}

class SimulatedDatabase implements Database {
  readonly #disk: SimulatedDisk
  readonly #path: string
  readonly #file: DatabaseFile
  readonly #syncsCommits: boolean
  readonly #syncsCheckpoints: boolean
  readonly #state: Durability
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(disk: SimulatedDisk, path: string, left: Files, pragmas: readonly string[]) {
    this.#disk = disk
    this.#path = path
    if (left.database.length > 0) fs.writeFileSync(path, left.database)
    if (left.log.length > 0) fs.writeFileSync(`${path}-wal`, left.log)
    this.#file = new sqlite.DatabaseFile(path)
    this.#file.prepareForWrites([...sqlite.writePragmas, ...pragmas], false)
    const [asked] = this.#file.commit([[{ sql: 'PRAGMA synchronous' }]])
    const level = asked && 'rows' in asked ? Number(asked.rows[0]?.[0]?.synchronous) : 0
    this.#syncsCommits = level >= 2
    this.#syncsCheckpoints = level >= 1
    const files = this.#files()
    this.#state = { synced: files, written: files }
  }

  /** What another opening finds; the files are whole then. */
  get left(): Files {
    return this.#state.written
  }

  async write(statements: readonly Statement[]): Promise<Row[][]> {
    if (this.#closed) throw new DatabaseError('DATABASE_FAILED', 'the database is closed')
    const outcome = await new Promise<StepOutcome>((settle) => {
      this.#waiting.push({ statements, settle })
      this.#running ??= this.#rounds().finally(() => {
        this.#running = undefined
      })
    })
    if ('error' in outcome) throw outcome.error
    return outcome.rows
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#running
    await this.#disk.pause()
    this.#file.close()
    const { written } = this.#state
    const { database } = this.#files()
    await this.#reach({ database, log: written.log }, this.#syncsCheckpoints)
    await this.#reach({ database, log: none.log }, false)
  }

  /** What is left when the power goes now. */
  lose(random: SeededRandom): Files {
    const { synced, written } = this.#state
    return {
      database: mixed(random, synced.database, written.database),
      log: mixed(random, synced.log, written.log),
    }
  }

  letGo(): void {
    try {
      this.#file.close()
    } catch (error) {
      // It was closed before.
      if (!(error instanceof DatabaseError)) throw error
    }
  }

  async #rounds(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#disk.pause()
      const steps = this.#waiting.splice(0)
      const outcomes = this.#file.commit(steps.map(({ statements }) => statements))
      await this.#follow(this.#files())
      steps.forEach(({ settle }, index) => {
        settle(outcomes[index]!)
      })
    }
  }

  /** Takes the files, in the order that SQLite writes and syncs, to what a commit has made of them. */
  async #follow(after: Files): Promise<void> {
    const before = this.#state.written
    const header = after.log.subarray(0, walHeaderSize)
    if (before.log.length > 0 && !header.equals(before.log.subarray(0, walHeaderSize))) {
      const log = Buffer.concat([header, before.log.subarray(walHeaderSize)])
      await this.#reach({ ...before, log }, this.#syncsCheckpoints)
    }
    const isCheckpoint = !after.database.equals(before.database)
    const syncsLog = isCheckpoint ? this.#syncsCheckpoints : this.#syncsCommits
    await this.#reach({ ...before, log: after.log }, syncsLog)
    if (isCheckpoint) await this.#reach(after, this.#syncsCheckpoints)
  }

  async #reach(files: Files, isSynced: boolean): Promise<void> {
    this.#state.written = files
    await this.#disk.pause()
    if (isSynced) this.#state.synced = files
  }

  #files(): Files {
    return { database: bytesOf(this.#path), log: bytesOf(`${this.#path}-wal`) }
  }
}

const bytesOf = (path: string): Buffer =>
  fs.existsSync(path) ? fs.readFileSync(path) : Buffer.alloc(0)

/** A file of which the synced bytes are certain, and those written since may have been written or not. */
const mixed = (random: SeededRandom, synced: Buffer, written: Buffer): Buffer => {
  if (written === synced) return synced
  // A removal happens or not.
  if (written.length === 0) return random.chance(0.5) ? synced : written
  const [small, large] = [synced.length, written.length].sort((a, b) => a - b) as [number, number]
  const size = random.pick([small, large, random.between(small, large)])
  const left = Buffer.concat([synced], large)
  const there = Buffer.concat([written], large)
  const share = random.pick([0, 0.1, 0.5, 0.9, 1])
  const torn = random.below(large + 1)
  for (let start = 0; start < large; start += sectorSize) {
    const isTorn = torn >= start && torn < start + sectorSize
    if (random.chance(share)) there.copy(left, start, start, isTorn ? torn : start + sectorSize)
  }
  return left.subarray(0, size)
}

/** A folder in memory where there is one: no test waits for a disk that it simulates. */
const memoryFolder = (): string => (fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
