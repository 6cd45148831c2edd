// A disk in memory that fails the way disks do.
//
//   page cache   what reads see: every write, creation, renaming and removal at once
//   platter      what a power cut leaves: what was synced, and of the rest whatever chance lets through,
//                sector by sector; of a folder's entries, each change since its last sync or not
//
// After a failed sync the pages count as clean, as the Linux kernel has it: they are read from memory as
// before, no later sync writes them, and a cut takes them.
import { basename, dirname, join } from 'node:path'
import { type Disk, DiskError, type DiskFile, type OpenMode } from '#world'
import type { SeededRandom } from './seeded-random.ts'
import type { Simulation } from './simulation.ts'

const sectorSize = 512

/** How an operation is to fail, by the name that the operating system gives it. */
export type Fault = 'EIO' | 'ENOSPC' | 'EMFILE'

/** Decides of each operation whether it fails. */
export type Faults = (operation: string, path: string) => Fault | undefined

class Inode {
  /** What reads see; bytes beyond `size` are zeros. */
  cache = Buffer.alloc(0)
  size = 0
  platter = Buffer.alloc(0)
  platterSize = 0
  readonly dirty = new Set<number>()
  modifiedMs = 0

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.byteLength
    this.grow(end)
    this.cache.set(bytes, position)
    this.#soil(position, end)
  }

  truncate(size: number): void {
    this.grow(size)
    if (size < this.size) {
      this.cache.fill(0, size, this.size)
      this.#soil(size, this.size)
    }
    this.size = size
  }

  /** Whatever is dirty reaches the platter. */
  sync(): void {
    this.reach(() => true, this.size)
  }

  /** Some dirty sectors reach the platter. */
  reach(isWritten: (sector: number) => boolean, size: number): void {
    if (this.platter.length < this.cache.length)
      this.platter = Buffer.concat([this.platter], this.cache.length)
    for (const sector of this.dirty) {
      if (!isWritten(sector)) continue
      const start = sector * sectorSize
      this.cache.copy(this.platter, start, start, start + sectorSize)
      this.dirty.delete(sector)
    }
    this.platterSize = size
  }

  grow(size: number): void {
    if (size > this.cache.length) {
      const room = Math.ceil(Math.max(size, this.cache.length * 2) / sectorSize) * sectorSize
      this.cache = Buffer.concat([this.cache], room)
    }
    this.size = Math.max(this.size, size)
  }

  #soil(start: number, end: number): void {
    for (let sector = Math.floor(start / sectorSize); sector * sectorSize < end; sector += 1)
      this.dirty.add(sector)
  }
}

type Node = Inode | Folder

/** One change of a folder's entries that no sync has covered. */
interface EntryChange {
  removed: string | undefined
  added: { name: string; node: Node } | undefined
}

class Folder {
  entries = new Map<string, Node>()
  platter = new Map<string, Node>()
  changes: EntryChange[] = []

  change(change: EntryChange): void {
    apply(this.entries, change)
    this.changes.push(change)
  }

  sync(): void {
    this.platter = new Map(this.entries)
    this.changes = []
  }

  /** Of what was not synced, each change is there or is not. */
  cut(random: SeededRandom): void {
    const left = new Map(this.platter)
    for (const change of this.changes) if (random.chance(0.5)) apply(left, change)
    this.entries = left
    this.sync()
  }
}

const apply = (entries: Map<string, Node>, { removed, added }: EntryChange): void => {
  if (removed !== undefined) entries.delete(removed)
  if (added) entries.set(added.name, added.node)
}

/** What the disk counts and how it fails. */
export interface SimulatedDiskOptions {
  /** Bytes that fit. */
  capacity?: number
  faults?: Faults
  /** An operation takes up to so long. */
  latencyMsMax?: number
}

/** Files and folders of one machine; `cut` is what its next start finds. */
export class SimulatedDisk implements Disk {
  readonly #simulation: Simulation
  readonly #random: SeededRandom
  readonly #options: SimulatedDiskOptions
  readonly #root: Folder
  readonly #bootId: string
  #isCut = false
  /** Operations so far: each of them is a moment at which the power can go. */
  operations = 0
  /** The power goes before the operation of that number. */
  cutAt = Number.POSITIVE_INFINITY

  constructor(
    simulation: Simulation,
    random: SeededRandom,
    options: SimulatedDiskOptions = {},
    root: Folder = new Folder(),
  ) {
    this.#simulation = simulation
    this.#random = random
    this.#options = options
    this.#root = root
    this.#bootId = String(random.uint32())
  }

  get isCut(): boolean {
    return this.#isCut
  }

  /** The power goes: nothing that is under way ends, and the disk that is left is returned. */
  cut(simulation: Simulation, options: SimulatedDiskOptions = this.#options): SimulatedDisk {
    this.#isCut = true
    this.#lose(this.#root)
    return new SimulatedDisk(simulation, this.#random.fork(), options, this.#root)
  }

  open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.#do('open', path, () => {
      const folder = this.#folder('open', dirname(path))
      const known = folder.entries.get(basename(path))
      if (known instanceof Folder) throw diskError('open', path, 'EISDIR')
      if (known) return this.#fileOf(known, path)
      if (mode !== 'create') throw diskError('open', path, 'ENOENT')
      const inode = new Inode()
      inode.modifiedMs = this.#simulation.clock.nowMs()
      folder.change({ removed: undefined, added: { name: basename(path), node: inode } })
      return this.#fileOf(inode, path)
    })
  }

  readFile(path: string): Promise<Buffer> {
    return this.#do('read', path, () => {
      const inode = this.#inode('read', path)
      return Buffer.from(inode.cache.subarray(0, inode.size))
    })
  }

  list(path: string): Promise<string[]> {
    return this.#do('list', path, () => [...this.#folder('list', path).entries.keys()])
  }

  makeFolder(path: string): Promise<void> {
    return this.#do('make the folder', path, () => {
      let folder = this.#root
      for (const name of namesOf(path)) {
        const known = folder.entries.get(name)
        if (known instanceof Inode) throw diskError('make the folder', path, 'EEXIST')
        const next = known ?? new Folder()
        if (!known) folder.change({ removed: undefined, added: { name, node: next } })
        folder = next
      }
    })
  }

  modifiedMs(path: string): Promise<number> {
    return this.#do('measure', path, () => this.#inode('measure', path).modifiedMs)
  }

  setModifiedMs(path: string, modifiedMs: number): Promise<void> {
    return this.#do('set the time of', path, () => {
      this.#inode('set the time of', path).modifiedMs = modifiedMs
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do('rename', from, () => {
      const folder = this.#folder('rename', dirname(from))
      if (dirname(from) !== dirname(to)) throw new Error('only names within one folder change here')
      const node = folder.entries.get(basename(from))
      if (!node) throw diskError('rename', from, 'ENOENT')
      const there = folder.entries.get(basename(to))
      if (there instanceof Folder && there.entries.size > 0)
        throw diskError('rename', from, 'ENOTEMPTY')
      folder.change({ removed: basename(from), added: { name: basename(to), node } })
    })
  }

  remove(path: string): Promise<void> {
    return this.#do('remove', path, () => {
      const folder = this.#find(dirname(path))
      if (!(folder instanceof Folder) || !folder.entries.has(basename(path))) return
      folder.change({ removed: basename(path), added: undefined })
    })
  }

  syncFolder(path: string): Promise<void> {
    return this.#do('sync the folder', path, () => this.#folder('sync the folder', path).sync())
  }

  bootId(): Promise<string> {
    return this.#do('read', '/proc', () => this.#bootId)
  }

  freeBytes(path: string): Promise<number> {
    return this.#do('measure', path, () => this.#freeBytes())
  }

  /** An operation of something else on this machine: it counts, takes its time, and may never end. */
  pause(): Promise<void> {
    return this.#do('pause', '/', () => undefined)
  }

  #freeBytes(): number {
    const { capacity } = this.#options
    return capacity === undefined ? 2 ** 40 : Math.max(0, capacity - sizeOf(this.#root))
  }

  #fileOf(inode: Inode, path: string): DiskFile {
    const put = (chunks: readonly Uint8Array[], position: number): void => {
      let at = position
      for (const chunk of chunks) {
        const room = this.#roomFor(inode, at)
        inode.write(chunk.subarray(0, room), at)
        if (chunk.byteLength > room) throw diskError('write', path, 'ENOSPC')
        at += chunk.byteLength
      }
      inode.modifiedMs = this.#simulation.clock.nowMs()
    }
    return {
      writeNow: (chunks, position) => {
        if (this.#countsDown()) return
        this.#fail('write', path)
        put(chunks, position)
      },
      write: (chunks, position) => this.#do('write', path, () => put(chunks, position)),
      read: (target, position) =>
        this.#do('read', path, () => {
          const size = Math.max(0, Math.min(target.byteLength, inode.size - position))
          target.set(inode.cache.subarray(position, position + size))
          return size
        }),
      sync: () =>
        this.#do(
          'sync',
          path,
          () => inode.sync(),
          () => inode.dirty.clear(),
        ),
      truncate: (size) => this.#do('truncate', path, () => inode.truncate(size)),
      size: () => this.#do('measure', path, () => inode.size),
      close: () => this.#do('close', path, () => undefined),
    }
  }

  /** Bytes that can be written from a position on. */
  #roomFor(inode: Inode, position: number): number {
    if (this.#options.capacity === undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, inode.size - position) + this.#freeBytes()
  }

  /** An operation, which takes its time, may fail, and never ends once the power is gone. */
  #do<T>(operation: string, path: string, run: () => T, onFault?: () => void): Promise<T> {
    if (this.#countsDown()) return new Promise(() => undefined)
    return this.#simulation
      .later(this.#options.latencyMsMax ?? 1, () => {
        if (this.#isCut) return new Promise<T>(() => undefined)
        try {
          this.#fail(operation, path)
        } catch (error) {
          onFault?.()
          throw error
        }
        return run()
      })
      .then((result) => result)
  }

  #countsDown(): boolean {
    this.operations += 1
    if (this.operations >= this.cutAt) this.#isCut = true
    return this.#isCut
  }

  #fail(operation: string, path: string): void {
    const fault = this.#options.faults?.(operation, path)
    if (fault) throw diskError(operation, path, fault)
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const name of namesOf(path))
      node = node instanceof Folder ? node.entries.get(name) : undefined
    return node
  }

  #folder(operation: string, path: string): Folder {
    const node = this.#find(path)
    if (!node) throw diskError(operation, path, 'ENOENT')
    if (!(node instanceof Folder)) throw diskError(operation, path, 'ENOTDIR')
    return node
  }

  #inode(operation: string, path: string): Inode {
    const node = this.#find(path)
    if (!node) throw diskError(operation, path, 'ENOENT')
    if (!(node instanceof Inode)) throw diskError(operation, path, 'EISDIR')
    return node
  }

  #lose(node: Node): void {
    const random = this.#random
    if (node instanceof Folder) {
      node.cut(random)
      for (const child of node.entries.values()) this.#lose(child)
      return
    }
    const share = random.pick([0, 0.1, 0.5, 0.9, 1])
    const [small, large] = [node.platterSize, node.size].sort((a, b) => a - b) as [number, number]
    node.reach(
      () => random.chance(share),
      random.pick([small, large, random.between(small, large)]),
    )
    const platter = Buffer.alloc(node.platter.length)
    node.platter.copy(platter, 0, 0, Math.min(node.platterSize, node.platter.length))
    node.cache = platter
    node.platter = Buffer.from(platter)
    node.size = node.platterSize
    node.grow(node.size)
    node.dirty.clear()
  }
}

const namesOf = (path: string): string[] =>
  join('/', path)
    .split('/')
    .filter((name) => name !== '')

const sizeOf = (node: Node): number => {
  if (node instanceof Inode) return node.size
  let size = 0
  for (const child of node.entries.values()) size += sizeOf(child)
  return size
}

const diskError = (operation: string, path: string, code: string): DiskError =>
  new DiskError(operation, path, Object.assign(new Error(code), { code }))
