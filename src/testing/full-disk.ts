import { type Disk, DiskError, realDisk } from '#world'

/** The disk of this machine, with no room for what is written to files that `isFull` says so of. */
export const fullDisk = (isFull: (path: string) => boolean): Disk => ({
  ...realDisk,
  open: async (path, mode) => {
    const file = await realDisk.open(path, mode)
    const wantRoom = (): void => {
      if (isFull(path)) throw new DiskError('write', path, { code: 'ENOSPC' })
    }
    return {
      writeNow: (chunks, position) => {
        wantRoom()
        file.writeNow(chunks, position)
      },
      write: async (chunks, position) => {
        wantRoom()
        await file.write(chunks, position)
      },
      read: (target, position) => file.read(target, position),
      sync: () => file.sync(),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      close: () => file.close(),
    }
  },
})
