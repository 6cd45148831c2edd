import type { Disk, DiskFile } from '#world'

/** What of a disk is to be forgotten: the sync of a file, or of a folder, at some paths. */
export interface Forgotten {
  file?: (path: string) => boolean
  folder?: (path: string) => boolean
}

/** A disk that says of some syncs that they happened and does nothing: a bug for a checker to find. */
export const forgetfulDisk = (disk: Disk, { file, folder }: Forgotten): Disk => ({
  open: async (path, mode) => {
    const opened = await disk.open(path, mode)
    return file?.(path) ? withoutSync(opened) : opened
  },
  readFile: (path) => disk.readFile(path),
  list: (path) => disk.list(path),
  makeFolder: (path) => disk.makeFolder(path),
  modifiedMs: (path) => disk.modifiedMs(path),
  setModifiedMs: (path, modifiedMs) => disk.setModifiedMs(path, modifiedMs),
  rename: (from, to) => disk.rename(from, to),
  remove: (path) => disk.remove(path),
  syncFolder: async (path) => {
    if (!folder?.(path)) await disk.syncFolder(path)
  },
  bootId: () => disk.bootId(),
  freeBytes: (path) => disk.freeBytes(path),
})

const withoutSync = (file: DiskFile): DiskFile => ({
  writeNow: (chunks, position) => file.writeNow(chunks, position),
  write: (chunks, position) => file.write(chunks, position),
  read: (target, position) => file.read(target, position),
  sync: () => Promise.resolve(),
  truncate: (size) => file.truncate(size),
  size: () => file.size(),
  close: () => file.close(),
})
