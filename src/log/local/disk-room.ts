import type { Clock, Disk, Logger, Timer } from '#world'
import { roomBytesMin, roomCheckMs } from '../limits.ts'

/**
 * Watches how much of the disk is left, so that appends end before it is full: metadata, checkpoints and
 * the deletion of topics need room when there is least of it.
 */
export class DiskRoom {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #folder: string
  readonly #bytesMin: number
  #isShort = false
  #uncheckedBytes = 0
  #timer: Timer | undefined
  #checking: Promise<void> | undefined

  /** `bytesMin` bytes of the file system of `folder` are to stay free; 0 leaves none. */
  constructor(disk: Disk, clock: Clock, logger: Logger, folder: string, bytesMin: number) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#folder = folder
    this.#bytesMin = bytesMin
  }

  /** Nothing may be appended for now. */
  get isShort(): boolean {
    return this.#isShort
  }

  /** So much was appended. A look costs a system call, so it is taken for many appends together. */
  appended(bytes: number): void {
    if (this.#bytesMin === 0) return
    this.#uncheckedBytes += bytes
    if (this.#uncheckedBytes >= this.#bytesMin / 4) void this.check()
    else this.#checkLater()
  }

  /** Looks now; resolves when `isShort` says what was found. */
  check(): Promise<void> {
    this.#checking ??= this.#look().finally(() => {
      this.#checking = undefined
      if (this.#isShort) this.#checkLater()
    })
    return this.#checking
  }

  close(): void {
    this.#timer?.cancel()
  }

  #checkLater(): void {
    this.#timer ??= this.#clock.after(roomCheckMs, () => {
      this.#timer = undefined
      void this.check()
    })
  }

  async #look(): Promise<void> {
    this.#uncheckedBytes = 0
    let free: number
    try {
      free = await this.#disk.freeBytes(this.#folder)
    } catch (error) {
      this.#logger.warn('the free space of the disk is not known', { error: String(error) })
      return
    }
    const wasShort = this.#isShort
    this.#isShort = free < this.#bytesMin + (wasShort ? roomBytesMin : 0)
    const facts = { free, 'odradek.min.free.bytes': this.#bytesMin }
    if (this.#isShort && !wasShort)
      this.#logger.error('the disk is nearly full: appends are refused until there is room', facts)
    if (!this.#isShort && wasShort) this.#logger.info('the disk has room again', facts)
  }
}
