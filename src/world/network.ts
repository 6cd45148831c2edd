/** What a socket tells its owner; each of them is called on a turn of its own. */
export interface SocketEvents {
  /** Bytes came. The buffer belongs to the callee. */
  data(bytes: Buffer): void
  /** After a `write` that returned false: all of it has gone out. */
  drained(): void
  /** The peer will send no more; it may still read. */
  ended(): void
  /** The connection is over; nothing follows. `error` when it broke rather than ended. */
  closed(error: Error | undefined): void
}

/** One TCP connection, already accepted. */
export interface Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  /** Names the one listener; bytes flow from then on. */
  start(events: SocketEvents): void
  /**
   * Sends the chunks in order, in one system call where it can; they must not change afterwards.
   * False means the kernel takes no more for now: wait for `drained` before the next call.
   */
  write(chunks: readonly Uint8Array[]): boolean
  /** Stops and starts the flow of `data`. */
  pause(): void
  resume(): void
  /** Closes once everything written has gone out. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

/** Where to listen. Port 0 lets the system choose. */
export interface ListenOptions {
  host: string
  port: number
  backlog: number
}

/** An open port. */
export interface NetworkListener {
  readonly host: string
  readonly port: number
  /** Takes no further connection; those there are live on. */
  close(): Promise<void>
}

/** TCP. */
export interface Network {
  /**
   * Rejects with the system's error (`code` `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`).
   * `failed` hears of a connection that could not be accepted, such as for want of descriptors.
   */
  listen(
    options: ListenOptions,
    accept: (socket: Socket) => void,
    failed: (error: Error) => void,
  ): Promise<NetworkListener>
}
