// One connection that writes batches of several lanes until the broker is gone. Batches that were in
// flight when an earlier broker died are sent again first, in their old order and with their old
// sequences; a lane without a producer id lets go of them, since they may be there or not.
import { errorNameOf } from '#model'
import { encodeRequestFrame, Produce, type RequestInput } from '#protocol'
import { newProducerId, type SeededRandom, WireClient } from '#testing'
import { inFlightMax, type Lane, type LaneKind, type SentBatch } from './lane.ts'

/** Requests of a connection on their way at one time. */
const requestsMax = 8

interface Load {
  lane: Lane
  batch: SentBatch
}

/** Writes the lanes of one kind. */
export class Producer {
  readonly kind: LaneKind
  readonly #lanes: () => readonly Lane[]
  readonly #random: SeededRandom
  readonly #waiting: (() => void)[] = []
  #client: WireClient | undefined
  #sentBytes = 0

  /** `lanes` are looked at anew for each request: topics come and go. */
  constructor(kind: LaneKind, lanes: () => readonly Lane[], random: SeededRandom) {
    this.kind = kind
    this.#lanes = lanes
    this.#random = random
  }

  /**
   * Produces until the connection ends; after `bytesMax` bytes it only waits for that. Rejects when the
   * broker refuses something.
   */
  async run(port: number, bytesMax: number): Promise<void> {
    const client = await WireClient.connect(port).catch(() => undefined)
    if (!client) return
    this.#client = client
    this.#sentBytes = 0
    let open = true
    const closed = client.closed.then(() => {
      open = false
    })
    try {
      await this.#prepare(client)
      const resent = this.#leftovers()
      const workers = Array.from({ length: requestsMax }, async () => {
        for (let load = resent.shift(); load; load = resent.shift()) await this.#send(client, load)
        while (open && this.#sentBytes < bytesMax) {
          const load = this.#nextLoad()
          if (load.length > 0) await this.#send(client, load)
          else await Promise.race([this.#progress(), closed])
        }
      })
      await Promise.all(workers)
      await closed
    } catch (error) {
      client.close()
      if (error instanceof RefusedError || !isClosed(error)) throw error
    }
  }

  /**
   * Hears no more answers: what is written from now on counts as not acknowledged, and comes as a
   * duplicate in the next life.
   */
  deafen(): void {
    this.#client?.stall()
  }

  /** Closes the connection, heard or not. */
  cut(): void {
    this.#client?.close()
  }

  async #prepare(client: WireClient): Promise<void> {
    for (const lane of this.#lanes()) {
      if (this.kind.idempotent && lane.producerId < 0) lane.producerId = await newProducerId(client)
      if (!this.kind.idempotent) lane.inFlight.length = 0
    }
  }

  /** What has to be sent again: the first batches of all lanes, then the second ones, and so on. */
  #leftovers(): Load[][] {
    const rounds: Load[][] = []
    for (let index = 0; index < inFlightMax; index += 1) {
      const round = this.#lanes().flatMap((lane) => {
        const batch = lane.inFlight[index]
        return batch ? [{ lane, batch }] : []
      })
      if (round.length > 0) rounds.push(round)
    }
    return rounds
  }

  /** A new batch for one lane or for several; none when every lane has enough on the way. */
  #nextLoad(): Load[] {
    const free = this.#lanes().filter((lane) => lane.inFlight.length < inFlightMax)
    if (free.length === 0) return []
    const some = free.filter(() => this.#random.chance(0.4))
    const chosen = some.length > 0 ? some : [this.#random.pick(free)]
    const nowMs = Date.now()
    return chosen.map((lane) => ({ lane, batch: lane.nextBatch(nowMs) }))
  }

  async #send(client: WireClient, load: readonly Load[]): Promise<void> {
    for (const { batch } of load) this.#sentBytes += batch.bytes.length
    const request = requestOf(load, this.kind.acks)
    if (this.kind.acks === 0) {
      client.send(encodeRequestFrame(Produce, 13, { correlationId: 0, clientId: null }, request))
      await new Promise((resolve) => setImmediate(resolve))
      return
    }
    const { responses } = await client.request(Produce, 13, request)
    const outcomes = new Map(
      responses.flatMap(({ topicId, partitionResponses }) =>
        partitionResponses.map((outcome) => [`${topicId}-${outcome.index}`, outcome] as const),
      ),
    )
    for (const { lane, batch } of load) {
      const outcome = outcomes.get(`${lane.topic.topicId}-${lane.partition}`)
      if (!outcome) throw new RefusedError(`${nameOf(lane)}: there was no answer for it`)
      const { errorCode, errorMessage, baseOffset } = outcome
      const numbers = `numbers ${batch.first} to ${batch.first + batch.count - 1}`
      if (errorCode !== 0)
        throw new RefusedError(
          `${nameOf(lane)}: ${numbers} got ${errorNameOf(errorCode)} (${errorMessage})`,
        )
      if (lane.inFlight[0] !== batch)
        throw new RefusedError(`${nameOf(lane)}: answered out of order`)
      lane.acknowledge(baseOffset)
    }
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Settles with the next acknowledgement. */
  #progress(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

/** The broker answered what it must not. */
export class RefusedError extends Error {}

/** Tells whether an error only says that the broker is gone. */
export const isClosed = (error: unknown): boolean =>
  error instanceof Error && /closed|ECONNREFUSED|ECONNRESET|EPIPE/.test(error.message)

const nameOf = ({ name, topic, partition }: Lane): string => `${topic.name}-${partition}: ${name}`

/** Partitions of one topic stand together, as clients send them. */
const requestOf = (load: readonly Load[], acks: number): RequestInput<typeof Produce> => ({
  transactionalId: null,
  acks,
  timeoutMs: 30_000,
  topicData: [...new Set(load.map(({ lane }) => lane.topic.topicId))].map((topicId) => ({
    topicId,
    partitionData: load
      .filter(({ lane }) => lane.topic.topicId === topicId)
      .map(({ lane, batch }) => ({ index: lane.partition, records: batch.bytes })),
  })),
})
