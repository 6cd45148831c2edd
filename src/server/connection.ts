// One client's connection: frames in, responses out in the order of the requests.
//
// Requests begin in arrival order. A two-stage request (produce, fetch) lets the next one begin once
// its first stage has run; any other is answered before the next begins, as in Kafka. What is not
// begun stays unread in the socket: that is the back-pressure.
import type { Socket } from '#world'
import { type Exchange, RequestError } from './exchange.ts'
import type { ApiFigures, Traffic } from './figures.ts'
import { FrameReader } from './frame-reader.ts'
import {
  slowFrameBytesMin,
  slowFrameSweepsMax,
  smallFrameSizeMax,
  stalledReaderMs,
  writeSizeMax,
} from './limits.ts'
import type { Peer } from './peer.ts'
import type { RequestMemory, Reservation } from './request-memory.ts'
import type { ResponseMemory } from './response-memory.ts'

/** What a connection may use, in bytes, milliseconds and requests. */
export interface ConnectionLimits {
  frameSizeMax: number
  pipelineMax: number
  responseBytesMax: number
  requestTimeoutMs: number
  idleMsMax: number
}

/** What a connection needs of the server it belongs to. */
export interface ConnectionHost {
  readonly requests: RequestMemory
  readonly responses: ResponseMemory
  readonly traffic: Traffic
  readonly limits: ConnectionLimits
  monotonicMs(): number
  /** Begins a request; throws a `RequestError` when the frame makes no sense. */
  begin(frame: Buffer, peer: Peer): Exchange
  /** Says why a connection is being closed; bounded in how often it is logged. */
  complain(peer: Peer, reason: string): void
  closed(connection: Connection): void
}

/** A request's place in the order of answers. */
interface Slot {
  /** Undefined while the answer is due; empty when none is to be sent. */
  chunks: readonly Uint8Array[] | undefined
  /** When its request was there. */
  readonly sinceMs: number
  figures: ApiFigures | undefined
}

/** Reads, begins and answers the requests of one socket. */
export class Connection implements Peer {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly #socket: Socket
  readonly #host: ConnectionHost
  readonly #reader = new FrameReader()
  readonly #slots: Slot[] = []
  readonly #outgoing: Uint8Array[] = []
  readonly #closeListeners = new Set<() => void>()
  /** Bytes answered and not yet taken by the kernel; the last of them may be with the socket already. */
  #outgoingBytes = 0
  /** Bytes that the socket holds because the kernel took no more. */
  #heldBytes = 0
  #flushing = false
  /** A request that must be answered before the next begins. */
  #serial = false
  #reservation: Reservation | undefined
  #paused = false
  #open = true
  #stopping = false
  #ending = false
  #frameSinceMs: number | undefined
  #receivedBytes = 0
  #slowSweeps = 0
  #lastReadMs: number
  #lastWrittenMs: number

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket
    this.#host = host
    this.remoteAddress = socket.remoteAddress
    this.remotePort = socket.remotePort
    this.#lastReadMs = host.monotonicMs()
    this.#lastWrittenMs = this.#lastReadMs
    socket.start({
      data: (bytes) => this.#received(bytes),
      drained: () => this.#drained(),
      ended: () => this.close(),
      closed: () => this.close(),
    })
  }

  /** Bytes that a further response of this connection may hold. */
  get responseRoomBytes(): number {
    const own = this.#host.limits.responseBytesMax - this.#outgoingBytes
    return Math.max(0, Math.min(own, this.#host.responses.roomBytes))
  }

  /** No request is being served and everything answered has gone out. */
  get quiet(): boolean {
    return this.#slots.length === 0 && this.#outgoingBytes === 0
  }

  onClose(listener: () => void): () => void {
    this.#closeListeners.add(listener)
    return () => this.#closeListeners.delete(listener)
  }

  /** Begins no further request and closes when those begun are answered. */
  stop(): void {
    this.#stopping = true
    if (this.quiet) this.#end()
    else this.#pauseReading()
  }

  /** Closes at once; what was not sent is dropped. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#socket.destroy()
    this.#reservation?.release()
    this.#host.responses.remove(this.#outgoingBytes)
    this.#outgoingBytes = 0
    this.#outgoing.length = 0
    this.#reader.clear()
    for (const listener of this.#closeListeners) listener()
    this.#closeListeners.clear()
    this.#host.closed(this)
  }

  /** Closes a connection that is idle, late with a frame, or in the way of others by not reading. */
  sweep(nowMs: number): void {
    const { requestTimeoutMs, idleMsMax } = this.#host.limits
    const frameMs = this.#frameSinceMs === undefined ? 0 : nowMs - this.#frameSinceMs
    const unreadMs = this.#outgoingBytes > 0 ? nowMs - this.#lastWrittenMs : 0
    const idleMs = nowMs - Math.max(this.#lastReadMs, this.#lastWrittenMs)
    const waiting = this.#slots.some(({ chunks }) => chunks === undefined)
    if (frameMs > requestTimeoutMs)
      this.#refuse(`a request was not complete after ${requestTimeoutMs} ms`)
    else if (this.#isInTheWay())
      this.#refuse('it sends a large request too slowly while others wait for its memory')
    else if (unreadMs > stalledReaderMs && this.#host.responses.short)
      this.#refuse(`it has read nothing for ${stalledReaderMs} ms while memory is short`)
    else if (!waiting && idleMsMax >= 0 && idleMs > idleMsMax) this.close()
  }

  /** It has memory set aside for a frame, others wait for it, and the frame hardly comes forward. */
  #isInTheWay(): boolean {
    const received = this.#receivedBytes
    this.#receivedBytes = 0
    const holds = this.#reservation?.granted && this.#host.requests.isContended
    this.#slowSweeps = holds && received < slowFrameBytesMin ? this.#slowSweeps + 1 : 0
    return this.#slowSweeps >= slowFrameSweepsMax
  }

  #received(bytes: Buffer): void {
    if (!this.#open) return
    this.#receivedBytes += bytes.length
    this.#host.traffic.receivedBytes += bytes.length
    this.#lastReadMs = this.#host.monotonicMs()
    this.#reader.push(bytes)
    this.#work(this.#lastReadMs)
  }

  /** Begins as many requests as there are frames and room for. */
  #work(nowMs = this.#host.monotonicMs()): void {
    try {
      while (this.#open && this.#mayBegin()) {
        const frame = this.#nextFrame()
        if (!frame) break
        this.#begin(frame, nowMs)
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      this.#refuse(error.message)
    }
    this.#flow()
  }

  #mayBegin(): boolean {
    const { pipelineMax, responseBytesMax } = this.#host.limits
    return (
      !this.#serial &&
      !this.#stopping &&
      this.#slots.length < pipelineMax &&
      (this.#outgoingBytes === 0 ||
        (this.#outgoingBytes < responseBytesMax && this.#host.responses.roomBytes > 0))
    )
  }

  /** A whole frame whose memory is set aside; undefined when bytes or memory are still to come. */
  #nextFrame(): Buffer | undefined {
    const size = this.#reader.declaredSize()
    if (size === undefined) return undefined
    const { frameSizeMax } = this.#host.limits
    if (size < 0 || size > frameSizeMax)
      throw new RequestError(`a frame declared ${size} bytes and 0 to ${frameSizeMax} are allowed`)
    const whole = this.#reader.size >= 4 + size
    if (!whole && size <= smallFrameSizeMax) return undefined
    this.#reservation ??= this.#host.requests.reserve(size, () => this.#work())
    return this.#reservation.granted ? this.#reader.take(size) : undefined
  }

  #begin(frame: Buffer, sinceMs: number): void {
    const reservation = this.#reservation!
    this.#reservation = undefined
    this.#frameSinceMs = undefined
    const slot: Slot = { chunks: undefined, sinceMs, figures: undefined }
    this.#slots.push(slot)
    let exchange: Exchange
    try {
      exchange = this.#host.begin(frame, this)
    } catch (error) {
      reservation.release()
      throw error
    }
    slot.figures = exchange.figures
    if (!(exchange.answer instanceof Promise)) {
      reservation.release()
      this.#answer(slot, exchange.answer)
      return
    }
    this.#serial = !exchange.twoStage
    if (!exchange.keepsFrame) reservation.release()
    exchange.answer.then(
      (chunks) => {
        reservation.release()
        this.#serial &&= exchange.twoStage
        this.#answer(slot, chunks)
      },
      (error: unknown) => {
        reservation.release()
        this.#refuse(error instanceof Error ? error.message : String(error))
      },
    )
  }

  #answer(slot: Slot, chunks: readonly Uint8Array[]): void {
    slot.chunks = chunks
    if (this.#flushing || !this.#open) return
    this.#flushing = true
    // A microtask later the answers that settled together go out together.
    queueMicrotask(() => {
      this.#flushing = false
      this.#flush()
      // What was held back may have a place now.
      if (this.#paused || this.#reader.size > 0) this.#work()
    })
  }

  #flush(): void {
    const nowMs = this.#host.monotonicMs()
    for (let [slot] = this.#slots; this.#open && slot?.chunks; [slot] = this.#slots) {
      this.#slots.shift()
      slot.figures!.service.add(nowMs - slot.sinceMs)
      for (const chunk of slot.chunks) {
        if (chunk.byteLength === 0) continue
        if (this.#outgoingBytes === 0) this.#lastWrittenMs = nowMs
        this.#outgoing.push(chunk)
        this.#outgoingBytes += chunk.byteLength
        this.#host.responses.add(chunk.byteLength)
      }
    }
    this.#write()
  }

  /** Hands the socket a piece at a time, so that a slow reader's progress can be seen. */
  #write(): void {
    while (this.#open && this.#heldBytes === 0 && this.#outgoing.length > 0) {
      const piece = this.#nextPiece()
      if (this.#socket.write(piece.chunks)) this.#sent(piece.size)
      else this.#heldBytes = piece.size
    }
    if (this.#stopping && this.quiet) this.#end()
  }

  #sent(size: number): void {
    this.#outgoingBytes -= size
    this.#host.responses.remove(size)
    this.#host.traffic.sentBytes += size
    this.#lastWrittenMs = this.#host.monotonicMs()
  }

  #nextPiece(): { chunks: Uint8Array[]; size: number } {
    const chunks: Uint8Array[] = []
    let size = 0
    while (size < writeSizeMax && this.#outgoing[0]) {
      const [chunk] = this.#outgoing
      const room = writeSizeMax - size
      if (chunk.byteLength > room) {
        chunks.push(chunk.subarray(0, room))
        this.#outgoing[0] = chunk.subarray(room)
        size += room
      } else {
        chunks.push(chunk)
        this.#outgoing.shift()
        size += chunk.byteLength
      }
    }
    return { chunks, size }
  }

  #drained(): void {
    if (!this.#open) return
    this.#sent(this.#heldBytes)
    this.#heldBytes = 0
    this.#write()
    this.#work()
  }

  /** Lets bytes in only while the next request could begin; notes since when a frame is incomplete. */
  #flow(): void {
    if (!this.#open) return
    const held = !this.#mayBegin() || (this.#reservation && !this.#reservation.granted)
    if (held) {
      this.#frameSinceMs = undefined
      this.#pauseReading()
      return
    }
    this.#frameSinceMs =
      this.#reader.size > 0 ? (this.#frameSinceMs ?? this.#host.monotonicMs()) : undefined
    if (this.#paused) {
      this.#paused = false
      this.#socket.resume()
    }
  }

  #pauseReading(): void {
    if (this.#paused) return
    this.#paused = true
    this.#socket.pause()
  }

  #refuse(reason: string): void {
    if (!this.#open) return
    this.#host.complain(this, reason)
    this.close()
  }

  /** What the kernel holds still goes out; the socket's end then closes the connection. */
  #end(): void {
    if (!this.#ending) this.#socket.end()
    this.#ending = true
  }
}
