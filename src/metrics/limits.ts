/** Connections to the metrics at one time: a few scrapers, and a person who looks. */
export const connectionsMax = 16

/** Connections that wait to be accepted; scrapes are seconds apart. */
export const backlog = 16

/** Bytes of a request's head: scrapers send a few hundred. */
export const headBytesMax = 16 * 1024

/**
 * How long one connection may last: scrapers give up after ten seconds by default, and the text that a slow
 * reader has not taken is held for no longer.
 */
export const connectionMs = 10_000
