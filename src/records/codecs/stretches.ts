// Native snappy and LZ4 run on the calling thread, a stretch at a time. Their asynchronous functions would
// keep the event loop freer, but memory that one thread of the pool allocates and the collector's thread
// frees stays with their allocator: the process grew to 1.8 GB over blocks of 4 MB, and never shrank.

/** Work that may be interrupted at each `yield`. */
export type Stretches<T> = Generator<undefined, T>

/** Lets other work of the event loop go first. */
export type Pause = () => Promise<void>

/** So many bytes of output are unfolded or folded without a pause: about half a millisecond. */
export const stretchSize = 1024 * 1024

/** Returns what the work results in, done in one go. */
export const inOneGo = <T>(work: Stretches<T>): T => {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

/** As `inOneGo` with a pause after each stretch. */
export const withPauses = async <T>(work: Stretches<T>, pause: Pause): Promise<T> => {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    await pause()
  }
}
