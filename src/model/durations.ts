/** Counts how often something took how long, by bounds in ms that ascend; a few additions for each. */
export class Durations {
  readonly boundsMs: readonly number[]
  /** How many took no longer than the bound at the same place, and longer than the one before. */
  readonly within: number[]
  count = 0
  sumMs = 0

  constructor(boundsMs: readonly number[]) {
    this.boundsMs = boundsMs
    this.within = boundsMs.map(() => 0)
  }

  add(ms: number): void {
    const { boundsMs } = this
    this.count += 1
    this.sumMs += ms
    for (let index = 0; index < boundsMs.length; index += 1)
      if (ms <= boundsMs[index]!) {
        this.within[index]! += 1
        return
      }
  }
}
