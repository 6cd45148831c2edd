import { producerIdBlockSize } from './limits.ts'
import type { MetadataStore } from './store.ts'

/**
 * Hands out producer ids, each once for ever: a block's end is durable before its first id is used,
 * and every block begins above all ids that the logs have seen (D6).
 */
export class ProducerIds {
  readonly #store: MetadataStore
  readonly #seenMax: number
  #next = 0
  #end = 0
  #refill: Promise<void> | undefined

  /** `seenMax`: the largest producer id in any log, or -1. */
  constructor(store: MetadataStore, seenMax: number) {
    this.#store = store
    this.#seenMax = seenMax
  }

  async take(): Promise<number> {
    while (this.#next === this.#end) {
      this.#refill ??= this.#reserve().finally(() => {
        this.#refill = undefined
      })
      await this.#refill
    }
    const id = this.#next
    this.#next += 1
    return id
  }

  async #reserve(): Promise<void> {
    this.#next = await this.#store.reserveProducerIds(producerIdBlockSize, this.#seenMax + 1)
    this.#end = this.#next + producerIdBlockSize
  }
}
