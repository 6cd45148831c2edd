/** Counts the response bytes that wait for their readers, over all connections. */
export class ResponseMemory {
  readonly #bytesMax: number
  #waitingBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(bytes: number): void {
    this.#waitingBytes += bytes
  }

  remove(bytes: number): void {
    this.#waitingBytes -= bytes
  }

  /** Bytes that wait now. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** What a further response may add; 0 when there is no room. */
  get roomBytes(): number {
    return Math.max(0, this.#bytesMax - this.#waitingBytes)
  }

  /** More than half is taken: readers that have stalled are in the others' way. */
  get short(): boolean {
    return this.#waitingBytes > this.#bytesMax / 2
  }
}
