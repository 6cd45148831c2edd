// The operations in flight on the files of a partition's folder, which keeps its name until they have ended:
// otherwise one of them would find the files of a topic that was made again under this name.

export class FolderOperations {
  readonly #running = new Set<Promise<unknown>>()
  /** Those of them that read. */
  readonly #reading = new Set<Promise<unknown>>()

  /** Runs an operation that names files of the folder. */
  async run<T>(operation: () => Promise<T>): Promise<T> {
    const running = operation()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /** As `run`, for what reads segments. */
  async read<T>(operation: () => Promise<T>): Promise<T> {
    const running = this.run(operation)
    this.#reading.add(running)
    try {
      return await running
    } finally {
      this.#reading.delete(running)
    }
  }

  /** Resolves when the reads that have begun so far are over. */
  async readsOver(): Promise<void> {
    await Promise.allSettled([...this.#reading])
  }

  /** Resolves when no operation is left; none may begin any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
  }
}
