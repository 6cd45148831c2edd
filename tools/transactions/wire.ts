// The wire between clients and a broker that are both simulated: requests and answers take their time, and
// some are lost, come late or come twice. A client that hears nothing sends the same request again.
import { allHandlers, type BrokerContext, FetchSessions, FetchWaits } from '#handlers'
import {
  type Api,
  decodeResponse,
  decodeResponseHeader,
  encodeRequestFrame,
  type RequestInput,
  type ResponseOf,
  responseHeaderVersion,
} from '#protocol'
import { Dispatcher, type Peer } from '#server'
import { loadSettings } from '#settings'
import type { Requesting, SeededRandom, Simulation } from '#testing'
import type { Logger } from '#world'
import type { Broker } from '../cuts/machine.ts'

/** Nothing was heard of a request, however often it was sent. */
export class Unheard extends Error {}

/** What may happen to requests; each a chance from 0 to 1. */
export interface WireFaults {
  lostRequest: number
  lostAnswer: number
  /** It takes effect once more, some time after its client has heard an answer or given up. */
  late: number
}

const peer: Peer = {
  remoteAddress: 'simulated',
  remotePort: 1,
  responseRoomBytes: 100_000_000,
  onClose: () => () => undefined,
}
const attemptsMax = 4
const delayMsMax = 4
const lateMsMax = 400
const resendAfterMs = 30

/** What answers requests: a broker's handlers without its port. */
export const dispatcherOf = (
  broker: Broker,
  simulation: Simulation,
  random: SeededRandom,
  logger: Logger,
): Dispatcher => {
  const { clock } = simulation
  const { broker: settings, origins } = loadSettings({ sets: [], flags: {} })
  const context: BrokerContext = {
    ...broker,
    fetchSessions: new FetchSessions(clock, random, 10),
    fetchWaits: new FetchWaits(clock),
    ...{ clock, random, logger, settings, origins, served: [] },
    advertised: { host: 'simulated', port: 1 },
  }
  const dispatcher = new Dispatcher(logger)
  dispatcher.serve(allHandlers, context)
  return dispatcher
}

/** One client's way to the broker, whichever that is when a request arrives. */
export class SimulatedWire implements Requesting {
  readonly simulation: Simulation
  readonly #random: SeededRandom
  readonly #broker: () => Dispatcher | undefined
  readonly #faults: WireFaults
  #correlationId = 0

  constructor(
    simulation: Simulation,
    random: SeededRandom,
    broker: () => Dispatcher | undefined,
    faults: WireFaults,
  ) {
    this.simulation = simulation
    this.#random = random
    this.#broker = broker
    this.#faults = faults
  }

  async request<A extends Api>(
    api: A,
    version: number,
    input: RequestInput<A>,
  ): Promise<ResponseOf<A>> {
    this.#correlationId += 1
    const header = { correlationId: this.#correlationId, clientId: 'simulated' }
    const frame = Buffer.concat(encodeRequestFrame(api, version, header, input))
    if (this.#random.chance(this.#faults.late))
      this.simulation.after(this.#random.below(lateMsMax), () => {
        this.#deliver(frame).catch(() => undefined)
      })
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const answer = await this.#send(frame)
      if (answer) {
        const { position } = decodeResponseHeader(answer, responseHeaderVersion(api, version))
        return decodeResponse(api, version, answer, position)
      }
      await this.pause(resendAfterMs)
    }
    throw new Unheard(`no answer to ${api.name}`)
  }

  /** Resolves up to so much later. */
  pause(delayMs: number): Promise<void> {
    return this.simulation.later(delayMs, () => undefined)
  }

  async #send(frame: Buffer): Promise<Buffer | undefined> {
    await this.pause(delayMsMax)
    if (this.#random.chance(this.#faults.lostRequest)) return undefined
    const answer = await this.#deliver(frame).catch(() => undefined)
    await this.pause(delayMsMax)
    return this.#random.chance(this.#faults.lostAnswer) ? undefined : answer
  }

  /** The broker writes into the batches of a frame, so that each delivery needs bytes of its own. */
  async #deliver(frame: Buffer): Promise<Buffer | undefined> {
    const own = Buffer.from(frame.subarray(4))
    const chunks = await this.#broker()?.begin(own, peer).answer
    return chunks && Buffer.concat(chunks).subarray(4)
  }
}
