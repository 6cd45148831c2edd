import { Durations } from '#model'
import { serviceBoundsMs } from './limits.ts'

/** What became of the requests of one API since the start. */
export class ApiFigures {
  readonly name: string
  /**
   * From the arrival of a request until its answer was given to the socket, by requests that were served;
   * those whose client wants no answer, too.
   */
  readonly service = new Durations(serviceBoundsMs)
  /** Requests that failed for a reason of ours. */
  failed = 0

  constructor(name: string) {
    this.name = name
  }
}

/** Bytes that went over all connections since the start, and connections that were not wanted. */
export interface Traffic {
  receivedBytes: number
  /** Those that the kernel has taken. */
  sentBytes: number
  accepted: number
  /** Turned away, or closed for what they did. */
  refused: number
}

/** What a server has done since its start, and what it holds now. */
export interface ServerFigures extends Readonly<Traffic> {
  connections: number
  /** Bytes of memory that is set aside for requests which are being read or served. */
  requestBytes: number
  /** Bytes of answers that their readers have not taken. */
  responseBytes: number
}
