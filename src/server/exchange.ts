import type { ApiFigures } from './figures.ts'

/** A request that was begun: its answer, now or later, and what may happen meanwhile. */
export interface Exchange {
  /** The response frame in chunks; empty when none is sent. A rejection closes the connection. */
  answer: readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** The next request of the connection may begin before this one is answered. */
  twoStage: boolean
  /** The answer still needs the frame's bytes. */
  keepsFrame: boolean
  /** Where it is counted. */
  figures: ApiFigures
}

/** The bytes of a request make no sense or ask for what is not served: its connection is closed. */
export class RequestError extends Error {}
