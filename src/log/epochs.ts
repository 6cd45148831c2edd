/** Where an epoch's first record stands. */
export interface EpochStart {
  epoch: number
  startOffset: number
}

/** The leader epochs of one partition's log, each with its first offset (KIP-101). */
export class Epochs {
  #starts: EpochStart[]

  constructor(starts: readonly EpochStart[] = []) {
    this.#starts = [...starts]
  }

  get starts(): readonly EpochStart[] {
    return this.#starts
  }

  /** Begins an epoch at an offset; true when it was not known. One that held no record is forgotten. */
  begin(epoch: number, startOffset: number): boolean {
    const last = this.#starts.at(-1)
    if (last && last.epoch >= epoch) return false
    this.#starts = this.#starts.filter((start) => start.startOffset < startOffset)
    this.#starts.push({ epoch, startOffset })
    return true
  }

  /** The epoch that an offset was written in; -1 when nothing is known. */
  of(offset: number): number {
    let found = -1
    for (const { epoch, startOffset } of this.#starts) if (startOffset <= offset) found = epoch
    return found
  }

  /** Where the largest epoch not above `epoch` ends; -1 and -1 when that cannot be said. */
  endOf(epoch: number, logEnd: number): { leaderEpoch: number; endOffset: number } {
    const latest = this.#starts.at(-1)
    if (!latest || epoch > latest.epoch || epoch < 0) return { leaderEpoch: -1, endOffset: -1 }
    if (epoch === latest.epoch) return { leaderEpoch: epoch, endOffset: logEnd }
    const higher = this.#starts.find((start) => start.epoch > epoch)!
    const floor = this.#starts.findLast((start) => start.epoch <= epoch)
    return { leaderEpoch: floor?.epoch ?? epoch, endOffset: higher.startOffset }
  }

  /** Forgets what was before a new log start; the epoch that holds it begins there. */
  startAt(offset: number): void {
    const covering = this.#starts.findLast((start) => start.startOffset <= offset)
    const later = this.#starts.filter((start) => start.startOffset > offset)
    this.#starts = covering ? [{ epoch: covering.epoch, startOffset: offset }, ...later] : later
  }

  /** Forgets epochs that begin at or after an offset that was cut. */
  cut(endOffset: number): void {
    this.#starts = this.#starts.filter((start) => start.startOffset < endOffset)
  }
}
