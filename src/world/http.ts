import type { ListenOptions, NetworkListener } from './network.ts'

/** A request that is answered without looking at its body. */
export interface HttpRequest {
  method: string
  /** What follows the host in the address, without the query. */
  path: string
}

/** What is sent back. */
export interface HttpAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  text: string
}

/** Where to serve, and what strangers may hold there. */
export interface HttpOptions extends ListenOptions {
  /** Connections at one time; a further one is closed at once. */
  connectionsMax: number
  /** Bytes of a request's head. */
  headBytesMax: number
  /** A connection is over after so long, whatever has come or gone by then. */
  connectionMs: number
}

/** HTTP/1.1 without anything that lasts: one request a connection. */
export interface Http {
  /**
   * Rejects with the system's error, as `Network.listen` does. Closing the listener closes its
   * connections. A `serve` that rejects is answered with status 500.
   */
  listen(
    options: HttpOptions,
    serve: (request: HttpRequest) => Promise<HttpAnswer>,
  ): Promise<NetworkListener>
}
