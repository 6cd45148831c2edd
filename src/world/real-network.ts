import { type AddressInfo, createServer, type Socket as NodeSocket } from 'node:net'
import type { Network, Socket, SocketEvents } from './network.ts'

class RealSocket implements Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly #socket: NodeSocket

  constructor(socket: NodeSocket) {
    this.#socket = socket
    this.remoteAddress = socket.remoteAddress ?? 'unknown'
    this.remotePort = socket.remotePort ?? 0
  }

  get waitingBytes(): number {
    return this.#socket.writableLength
  }

  start(events: SocketEvents): void {
    const socket = this.#socket
    let broken: Error | undefined
    socket.on('data', (bytes: Buffer) => events.data(bytes))
    socket.on('drain', () => events.drained())
    socket.on('end', () => events.ended())
    socket.on('error', (error) => {
      broken = error
    })
    socket.on('close', () => events.closed(broken))
  }

  write(chunks: readonly Uint8Array[]): void {
    const [first] = chunks
    if (chunks.length === 1 && first) {
      this.#socket.write(first)
      return
    }
    this.#socket.cork()
    for (const chunk of chunks) this.#socket.write(chunk)
    this.#socket.uncork()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** The machine's TCP stack. Nagle's delay is off: a response is written whole. */
export const realNetwork: Network = {
  listen: (options, accept, failed) =>
    new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true })
      server.on('connection', (socket) => accept(new RealSocket(socket)))
      server.once('error', reject)
      server.listen(options, () => {
        server.off('error', reject)
        server.on('error', failed)
        const { address, port } = server.address() as AddressInfo
        resolve({
          host: address,
          port,
          close: () => new Promise((closed) => server.close(() => closed())),
        })
      })
    }),
}
