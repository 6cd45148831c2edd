import { type TopicsImage, topicsImage } from '#coordinators'
import { uuidFromRandomBytes } from '#model'
import type { SeededRandom } from '#testing'

/** All names that there may be topics of. */
export const topicNames = ['ants', 'bees', 'cats', 'dogs', 'eels', 'frogs'] as const

const startCount = 3
const partitionsMax = 6

/** Topics that come, grow and go. */
export class Topics {
  readonly #random: SeededRandom
  readonly #topics = new Map<string, { topicId: string; partitionCount: number }>()
  readonly #ids = new Map<string, string>()
  #version = 1
  #image: TopicsImage | undefined

  /** Names that there have been no topics of: classic members know topics by nothing else. */
  readonly #unused: string[] = [...topicNames]

  constructor(random: SeededRandom) {
    this.#random = random
    for (let count = 0; count < startCount; count += 1) this.#create()
  }

  get image(): TopicsImage {
    this.#image ??= topicsImage(
      this.#version,
      [...this.#topics].map(([name, topic]) => ({ name, ...topic })),
    )
    return this.#image
  }

  /** The id of a topic that is there or has been. */
  idOf(name: string): string {
    return this.#ids.get(name)!
  }

  /** Makes, enlarges or deletes one of them. */
  disturb(): void {
    const [name, topic] = this.#random.pick([...this.#topics, ['', null] as const])
    if (topic === null) this.#create()
    else if (this.#topics.size > 1 && this.#random.chance(0.3)) this.#change(name, undefined)
    else this.#change(name, { ...topic, partitionCount: topic.partitionCount + 1 })
  }

  #create(): void {
    const name = this.#unused.shift()
    if (name === undefined) return
    const topicId = uuidFromRandomBytes(this.#random.bytes(16))
    this.#ids.set(name, topicId)
    this.#change(name, { topicId, partitionCount: this.#random.between(1, partitionsMax) })
  }

  #change(name: string, topic: { topicId: string; partitionCount: number } | undefined): void {
    if (topic) this.#topics.set(name, topic)
    else this.#topics.delete(name)
    this.#version += 1
    this.#image = undefined
  }
}
