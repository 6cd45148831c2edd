/** What a handler may know of the connection that a request came by. */
export interface Peer {
  readonly remoteAddress: string
  readonly remotePort: number
  /** Bytes that a further response may hold without making anyone short. */
  readonly responseRoomBytes: number
  /** Calls `listener` once when the connection is over; the function returned takes it off again. */
  onClose(listener: () => void): () => void
}
