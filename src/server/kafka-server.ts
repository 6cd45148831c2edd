import type { Clock, Logger, Network, NetworkListener, Socket, Timer } from '#world'
import { Complaints } from './complaints.ts'
import { Connection, type ConnectionHost, type ConnectionLimits } from './connection.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { ServerFigures, Traffic } from './figures.ts'
import { drainMs, sweepIntervalMs } from './limits.ts'
import { RequestMemory } from './request-memory.ts'
import { ResponseMemory } from './response-memory.ts'

/** Where a server listens and what all its connections together may use. */
export interface ServerSettings {
  host: string
  port: number
  backlog: number
  connectionsMax: number
  connectionsPerAddressMax: number
  /** Other bounds for some addresses. */
  connectionsPerAddress: Readonly<Record<string, number>>
  /** Bytes of large requests being read or served at once (`queued.max.request.bytes`). */
  requestBytesMax: number
  responseBytesMax: number
  connection: ConnectionLimits
}

/** The Kafka wire protocol on one port. */
export class KafkaServer {
  readonly #network: Network
  readonly #clock: Clock
  readonly #dispatcher: Dispatcher
  readonly #settings: ServerSettings
  readonly #complaints: Complaints
  readonly #connections = new Set<Connection>()
  readonly #perAddress = new Map<string, number>()
  readonly #host: ConnectionHost
  readonly #traffic: Traffic = { receivedBytes: 0, sentBytes: 0, accepted: 0, refused: 0 }
  #listener: NetworkListener | undefined
  #sweep: Timer | undefined
  #drained: (() => void) | undefined

  constructor(
    network: Network,
    clock: Clock,
    logger: Logger,
    dispatcher: Dispatcher,
    settings: ServerSettings,
  ) {
    this.#network = network
    this.#clock = clock
    this.#dispatcher = dispatcher
    this.#settings = settings
    this.#complaints = new Complaints(logger)
    const { requestBytesMax, responseBytesMax, connection } = settings
    this.#host = {
      requests: new RequestMemory(requestBytesMax),
      responses: new ResponseMemory(responseBytesMax),
      traffic: this.#traffic,
      limits: connection,
      monotonicMs: () => clock.monotonicMs(),
      begin: (frame, peer) => this.#dispatcher.begin(frame, peer),
      complain: (peer, reason) => this.#refuse(peer, reason),
      closed: (closed) => this.#closed(closed),
    }
  }

  get figures(): ServerFigures {
    const { requests, responses } = this.#host
    return {
      ...this.#traffic,
      connections: this.#connections.size,
      requestBytes: requests.usedBytes,
      responseBytes: responses.waitingBytes,
    }
  }

  /** Opens the port; resolves to where. Rejects with the system's error. */
  async listen(): Promise<{ host: string; port: number }> {
    this.#listener = await this.#network.listen(
      this.#settings,
      (socket) => this.#accept(socket),
      (error) => this.#complaints.add({ remoteAddress: 'unknown', remotePort: 0 }, error.message),
    )
    this.#scheduleSweep()
    return this.#listener
  }

  /** Lets requests that were begun be answered, for 5 s at most, then closes everything. */
  async stop(): Promise<void> {
    this.#sweep?.cancel()
    const closed = this.#listener?.close()
    for (const connection of this.#connections) connection.stop()
    await new Promise<void>((resolve) => {
      const deadline = this.#clock.after(drainMs, resolve)
      this.#drained = () => {
        deadline.cancel()
        resolve()
      }
      this.#checkDrained()
    })
    for (const connection of [...this.#connections]) connection.close()
    await closed
  }

  #accept(socket: Socket): void {
    const { remoteAddress } = socket
    const { connectionsMax, connectionsPerAddressMax, connectionsPerAddress } = this.#settings
    const count = this.#perAddress.get(remoteAddress) ?? 0
    const countMax = connectionsPerAddress[remoteAddress] ?? connectionsPerAddressMax
    if (count >= countMax) this.#turnAway(socket, 'max.connections.per.ip', countMax)
    else if (this.#connections.size >= connectionsMax)
      this.#turnAway(socket, 'max.connections', connectionsMax)
    else {
      this.#perAddress.set(remoteAddress, count + 1)
      this.#traffic.accepted += 1
      this.#connections.add(new Connection(socket, this.#host))
    }
  }

  #turnAway(socket: Socket, setting: string, value: number): void {
    this.#refuse(socket, `${setting} allows ${value}`)
    socket.destroy()
  }

  #refuse(peer: Pick<Socket, 'remoteAddress' | 'remotePort'>, reason: string): void {
    this.#traffic.refused += 1
    this.#complaints.add(peer, reason)
  }

  #closed(connection: Connection): void {
    this.#connections.delete(connection)
    const count = (this.#perAddress.get(connection.remoteAddress) ?? 1) - 1
    if (count > 0) this.#perAddress.set(connection.remoteAddress, count)
    else this.#perAddress.delete(connection.remoteAddress)
    this.#checkDrained()
  }

  #checkDrained(): void {
    if (this.#connections.size === 0) this.#drained?.()
  }

  #scheduleSweep(): void {
    this.#sweep = this.#clock.after(sweepIntervalMs, () => {
      const nowMs = this.#clock.monotonicMs()
      for (const connection of [...this.#connections]) connection.sweep(nowMs)
      this.#complaints.renew()
      this.#scheduleSweep()
    })
  }
}
