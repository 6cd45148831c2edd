import { type AddressInfo, createServer, type Socket as NodeSocket } from 'node:net'
import type { Network, Socket, SocketEvents } from './network.ts'

class RealSocket implements Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly #socket: NodeSocket
  #error: Error | undefined

  constructor(socket: NodeSocket) {
    this.#socket = socket
    // From the first moment on: a socket that breaks with nobody listening ends the process.
    socket.on('error', (error) => {
      this.#error = error
    })
    this.remoteAddress = socket.remoteAddress ?? 'unknown'
    this.remotePort = socket.remotePort ?? 0
  }

  start(events: SocketEvents): void {
    const socket = this.#socket
    socket.on('data', (bytes: Buffer) => events.data(bytes))
    socket.on('drain', () => events.drained())
    socket.on('end', () => events.ended())
    socket.on('close', () => events.closed(this.#error))
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    if (chunks.length > 1) socket.cork()
    for (const chunk of chunks) socket.write(chunk)
    if (chunks.length > 1) socket.uncork()
    return !socket.writableNeedDrain
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
