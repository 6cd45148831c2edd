import { serviceBoundsMs } from './limits.ts'

/** What became of the requests of one API since the start. */
export class ApiFigures {
  readonly name: string
  /** Requests that were served; of those whose client wants no answer, too. */
  served = 0
  /** Requests that failed for a reason of ours. */
  failed = 0
  /** Milliseconds from a request's whole arrival until its answer was given to the socket. */
  serviceMs = 0
  /** How many took no longer than the bound of `serviceBoundsMs` at the same place, and longer than the one before. */
  readonly within: number[] = serviceBoundsMs.map(() => 0)

  constructor(name: string) {
    this.name = name
  }

  /** A request was served, so many milliseconds after it had come. */
  add(serviceMs: number): void {
    this.served += 1
    this.serviceMs += serviceMs
    for (let index = 0; index < serviceBoundsMs.length; index += 1)
      if (serviceMs <= serviceBoundsMs[index]!) {
        this.within[index]! += 1
        return
      }
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
