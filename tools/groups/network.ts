import type { GroupReply } from '#coordinators'
import { KafkaError } from '#model'
import type { SeededRandom, Simulation } from '#testing'
import type { Coordinator } from './coordinator.ts'

/** How long clients wait for an answer, in ms. */
const timeoutMs = 15_000
/** How long a message takes at most: mostly, and when it is held up. */
const delayMaxMs = 30
const heldUpMaxMs = 4000

/** Between clients and whichever coordinator there is: messages are lost, held up, and come twice. */
export class Network {
  readonly #simulation: Simulation
  readonly #random: SeededRandom
  readonly #coordinator: () => Coordinator
  /** How many messages something befalls. */
  faultShare = 0

  constructor(simulation: Simulation, random: SeededRandom, coordinator: () => Coordinator) {
    this.#simulation = simulation
    this.#random = random
    this.#coordinator = coordinator
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#simulation.after(ms, resolve))
  }

  /** Resolves to the answer, or to null when none comes. */
  ask(send: (coordinator: Coordinator) => Promise<GroupReply>): Promise<GroupReply | null> {
    return new Promise((resolve) => {
      const timer = this.#simulation.after(timeoutMs, () => resolve(null))
      const arrive = (): void => {
        const coordinator = this.#coordinator()
        if (coordinator.isOver || this.#random.chance(this.faultShare)) return
        const answer = (reply: GroupReply): void => {
          if (coordinator.isOver || this.#random.chance(this.faultShare)) return
          this.#simulation.after(this.#delayMs(), () => {
            timer.cancel()
            resolve(reply)
          })
        }
        send(coordinator).then(answer, (error: unknown) => {
          if (!(error instanceof KafkaError)) throw error
          answer({ kind: 'refused', error: error.errorName, message: error.message })
        })
      }
      this.#simulation.after(this.#delayMs(), arrive)
      if (this.#random.chance(this.faultShare)) this.#simulation.after(this.#delayMs(), arrive)
    })
  }

  #delayMs(): number {
    return this.#random.below(this.#random.chance(this.faultShare) ? heldUpMaxMs : delayMaxMs)
  }
}
