import type { Logger } from '#world'
import { complaintsPerIntervalMax } from './limits.ts'

/** Log lines about closed connections, so many an interval; what is over that is only counted. */
export class Complaints {
  readonly #logger: Logger
  #count = 0

  constructor(logger: Logger) {
    this.#logger = logger
  }

  add(peer: { remoteAddress: string; remotePort: number }, reason: string): void {
    this.#count += 1
    if (this.#count > complaintsPerIntervalMax) return
    const client = `${peer.remoteAddress}:${peer.remotePort}`
    this.#logger.warn(`closed a connection: ${reason}`, { client })
  }

  /** Begins the next interval. */
  renew(): void {
    const unsaid = this.#count - complaintsPerIntervalMax
    if (unsaid > 0) this.#logger.warn(`closed ${unsaid} further connections for such reasons`)
    this.#count = 0
  }
}
