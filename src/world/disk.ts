/** What the caller has to do about a failed operation. */
export type DiskErrorKind =
  /** The thing named is not there, or is there already: the caller knows what that means. */
  | 'absent'
  | 'exists'
  /** No room, or no descriptor left: try again once there is some. */
  | 'full'
  /** Not allowed, a read-only file system, a folder where a file should be: a person must mend it. */
  | 'refused'
  /** The device failed; after a failed sync the unsynced bytes count as lost. */
  | 'failed'

/** `DISK_` and the operating system's own name for what went wrong, such as `DISK_EIO`. */
export type DiskErrorCode = `DISK_${string}`

const kinds: Readonly<Record<string, DiskErrorKind>> = {
  ENOENT: 'absent',
  EEXIST: 'exists',
  ENOTEMPTY: 'exists',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EMFILE: 'full',
  ENFILE: 'full',
  EACCES: 'refused',
  EPERM: 'refused',
  EROFS: 'refused',
  ENOTDIR: 'refused',
  EISDIR: 'refused',
}

/** An operation on the disk that did not happen, or happened in part. */
export class DiskError extends Error {
  readonly code: DiskErrorCode
  readonly kind: DiskErrorKind
  readonly path: string

  constructor(operation: string, path: string, cause: unknown) {
    const reason = (cause as { code?: unknown } | null)?.code
    const name = typeof reason === 'string' ? reason : 'EUNKNOWN'
    super(`could not ${operation} ${path}: ${name}`, { cause })
    this.code = `DISK_${name}`
    this.kind = kinds[name] ?? 'failed'
    this.path = path
  }
}

/** `read`: must exist. `write`: must exist, read and written. `create`: as `write`, made when missing. */
export type OpenMode = 'read' | 'write' | 'create'

/** An open file. Positions and sizes are bytes. Every operation throws or rejects with a `DiskError`. */
export interface DiskFile {
  /** Writes all chunks into the page cache on the calling thread; returns when all of it is there. */
  writeNow(chunks: readonly Uint8Array[], position: number): void
  /** As `writeNow`, on the thread pool. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>
  /** Fills `target` from `position`; resolves to the bytes read, fewer only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>
  /** Makes the file's bytes and size survive a loss of power. After a rejection unsynced bytes count as lost. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** Files and folders. Every operation rejects with a `DiskError`. */
export interface Disk {
  open(path: string, mode: OpenMode): Promise<DiskFile>
  /** The whole file; `absent` when there is none. */
  readFile(path: string): Promise<Buffer>
  /** The names in a folder, in no order. */
  list(path: string): Promise<string[]>
  /** Makes a folder and those above it; one that is there is fine. */
  makeFolder(path: string): Promise<void>
  /** When the file's bytes last changed, in milliseconds since the Unix epoch. */
  modifiedMs(path: string): Promise<number>
  /** Makes `modifiedMs` say another time, until the file's bytes change. */
  setModifiedMs(path: string, modifiedMs: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file, or a folder and everything in it; nothing there is fine. */
  remove(path: string): Promise<void>
  /** Makes the creation, renaming and removal of a folder's entries survive a loss of power. */
  syncFolder(path: string): Promise<void>
  /**
   * A name of the machine's current run: while it is the same, nothing that was written is lost. Undefined
   * where the system does not say.
   */
  bootId(): Promise<string | undefined>
  /** Bytes that can still be written in the file system of `path`. */
  freeBytes(path: string): Promise<number>
}
