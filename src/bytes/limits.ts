/**
 * A piece of a writer's own memory. Some hundred small answers share one, and one of them that is
 * not sent keeps it all.
 */
export const slabSize = 16 * 1024

/** What is left of a slab serves the next writer from here on. */
export const spareSizeMin = 1024

/**
 * Byte arrays up to here are copied into the writer's memory: cheaper than one more chunk to send.
 */
export const copiedSizeMax = 1024

/**
 * Elements (structures, strings, unknown tags) that one reader hands out. An element of 1 byte on
 * the wire becomes an object of some 100, so that a frame of 100 MB could otherwise fill the heap.
 */
export const elementsCountMax = 1_000_000

/** The longest string that is written letter by letter: up to here that beats a native call. */
export const shortStringSizeMax = 24
