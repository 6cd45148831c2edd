import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  type Api,
  decodeResponse,
  decodeResponseHeader,
  encodeRequestFrame,
  type RequestInput,
  type ResponseOf,
  responseHeaderVersion,
} from '#protocol'

interface Due {
  resolve(frame: Buffer): void
  reject(error: Error): void
}

/** Whoever requests are sent through. */
export type Requesting = Pick<WireClient, 'request'>

/** One connection that speaks frames: as plain as a client can be, so that tests see the wire itself. */
export class WireClient {
  readonly #socket: Socket
  readonly #due: Due[] = []
  #chunks: Buffer[] = []
  /** Bytes received that are no whole frame yet, and how many it takes for the next one. */
  #size = 0
  #wantedSize = 4
  #correlationId = 0
  /** Settles when the connection is over. */
  readonly closed: Promise<void>

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('data', (bytes: Buffer) => this.#push(bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const { reject } of this.#due.splice(0))
        reject(new Error('the broker closed the connection'))
    })
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<WireClient> {
    const socket = connect({ port, host, noDelay: true })
    await once(socket, 'connect')
    return new WireClient(socket)
  }

  /** Sends a request and resolves to its decoded response; rejects when the connection closes first. */
  async request<A extends Api>(
    api: A,
    version: number,
    input: RequestInput<A>,
  ): Promise<ResponseOf<A>> {
    this.#correlationId += 1
    const correlationId = this.#correlationId
    const frame = await this.exchange(
      encodeRequestFrame(api, version, { correlationId, clientId: 'wire-client' }, input),
    )
    const { header, position } = decodeResponseHeader(frame, responseHeaderVersion(api, version))
    if (header.correlationId !== correlationId) throw new Error('a response came out of order')
    return decodeResponse(api, version, frame, position)
  }

  /** Sends bytes and resolves to the next response frame that no one waits for yet. */
  exchange(chunks: readonly Uint8Array[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection is closed'))
      this.#due.push({ resolve, reject })
      this.send(chunks)
    })
  }

  /** Sends bytes as they are. */
  send(chunks: readonly Uint8Array[]): void {
    this.#socket.cork()
    for (const chunk of chunks) this.#socket.write(chunk)
    this.#socket.uncork()
  }

  /** Stops reading, as a client that has hung. */
  stall(): void {
    this.#socket.pause()
  }

  /** Reads again. */
  unstall(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroy()
  }

  #push(bytes: Buffer): void {
    this.#chunks.push(bytes)
    this.#size += bytes.length
    if (this.#size < this.#wantedSize) return
    let received = this.#chunks.length === 1 ? bytes : Buffer.concat(this.#chunks)
    this.#wantedSize = 4
    while (received.length >= this.#wantedSize) {
      const end = 4 + received.readInt32BE(0)
      this.#wantedSize = end
      if (received.length < end) break
      this.#due.shift()?.resolve(received.subarray(4, end))
      received = received.subarray(end)
      this.#wantedSize = 4
    }
    this.#chunks = received.length > 0 ? [received] : []
    this.#size = received.length
  }
}
