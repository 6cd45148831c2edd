import { type Disk, DiskError, realDisk } from '#world'

/** The disk of this machine, on which nothing works any more after so many operations on names. */
export const failingDisk = (operationsMax: number): Disk => {
  let left = operationsMax
  return new Proxy(realDisk, {
    get:
      (disk, name: keyof Disk) =>
      (...args: unknown[]) => {
        left -= 1
        if (left < 0) return Promise.reject(new DiskError(name, String(args[0]), { code: 'EIO' }))
        return (disk[name] as (...given: unknown[]) => unknown)(...args)
      },
  })
}
