import * as fs from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  utimes,
} from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Disk, DiskError, type DiskFile, type OpenMode } from './disk.ts'

const flags: Readonly<Record<OpenMode, number>> = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
}

const attempt = async <T>(operation: string, path: string, run: () => Promise<T>): Promise<T> => {
  try {
    return await run()
  } catch (error) {
    throw new DiskError(operation, path, error)
  }
}

const sizeOf = (chunks: readonly Uint8Array[]): number => {
  let size = 0
  for (const chunk of chunks) size += chunk.byteLength
  return size
}

/** The chunks after the first `skip` bytes: what a short write has left over. */
const remaining = (chunks: readonly Uint8Array[], skip: number): Uint8Array[] => {
  const rest: Uint8Array[] = []
  for (const chunk of chunks) {
    if (skip >= chunk.byteLength) skip -= chunk.byteLength
    else {
      rest.push(skip > 0 ? chunk.subarray(skip) : chunk)
      skip = 0
    }
  }
  return rest
}

class RealFile implements DiskFile {
  readonly #handle: FileHandle
  readonly #path: string

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle
    this.#path = path
  }

  writeNow(chunks: readonly Uint8Array[], position: number): void {
    const { fd } = this.#handle
    const size = sizeOf(chunks)
    try {
      let done = writeChunksNow(fd, chunks, position)
      while (done < size) done += writeChunksNow(fd, remaining(chunks, done), position + done)
    } catch (error) {
      throw new DiskError('write', this.#path, error)
    }
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return attempt('write', this.#path, async () => {
      const size = sizeOf(chunks)
      let done = 0
      while (done < size) {
        const rest = done === 0 ? chunks : remaining(chunks, done)
        const { bytesWritten } = await this.#handle.writev(rest, position + done)
        done += bytesWritten
      }
    })
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return attempt('read', this.#path, async () => {
      let done = 0
      while (done < target.byteLength) {
        const length = target.byteLength - done
        const { bytesRead } = await this.#handle.read(target, done, length, position + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return done
    })
  }

  sync(): Promise<void> {
    return attempt('sync', this.#path, () => this.#handle.datasync())
  }

  truncate(size: number): Promise<void> {
    return attempt('truncate', this.#path, () => this.#handle.truncate(size))
  }

  size(): Promise<number> {
    return attempt('measure', this.#path, async () => (await this.#handle.stat()).size)
  }

  close(): Promise<void> {
    return attempt('close', this.#path, () => this.#handle.close())
  }
}

const writeChunksNow = (fd: number, chunks: readonly Uint8Array[], position: number): number => {
  const [first] = chunks
  return chunks.length === 1 && first
    ? fs.writeSync(fd, first, 0, first.byteLength, position)
    : fs.writevSync(fd, chunks, position)
}

/**
 * Makes a folder and those above it, each tried twice at most. Node's own recursive `mkdir` never ends
 * where a file system refuses new names with ENOENT, such as /proc.
 */
const makeFolder = async (path: string): Promise<void> => {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await mkdir(path)
  }
}

/** The machine's file system, through libuv's thread pool but for `writeNow`. */
export const realDisk: Disk = {
  open: (path, mode) =>
    attempt('open', path, async () => new RealFile(await open(path, flags[mode], 0o644), path)),
  readFile: (path) => attempt('read', path, () => readFile(path)),
  list: (path) => attempt('list', path, () => readdir(path)),
  makeFolder: (path) => attempt('make the folder', path, () => makeFolder(resolve(path))),
  modifiedMs: (path) => attempt('measure', path, async () => (await stat(path)).mtimeMs),
  setModifiedMs: (path, modifiedMs) =>
    attempt('set the time of', path, () => utimes(path, modifiedMs / 1000, modifiedMs / 1000)),
  rename: (from, to) => attempt('rename', from, () => rename(from, to)),
  remove: (path) => attempt('remove', path, () => rm(path, { recursive: true, force: true })),
  syncFolder: (path) =>
    attempt('sync the folder', path, async () => {
      const handle = await open(path, fs.constants.O_RDONLY)
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    }),
  bootId: async () => {
    try {
      return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    } catch {
      // Only Linux says so.
      return undefined
    }
  },
  freeBytes: (path) =>
    attempt('measure', path, async () => {
      const { bavail, bsize } = await statfs(path)
      return bavail * bsize
    }),
}
