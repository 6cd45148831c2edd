// A generator of requests that costs so little that the broker is what is measured: frames are encoded
// beforehand, many wait for their answers on each connection, and answers are compared as bytes.
import { once } from 'node:events'
import { connect } from 'node:net'
import { type Api, encodeRequestFrame, type RequestInput } from '#protocol'

/** One frame, ready to be sent. */
export const frameOf = <A extends Api>(api: A, version: number, input: RequestInput<A>): Buffer =>
  Buffer.concat(encodeRequestFrame(api, version, { correlationId: 7, clientId: 'bench' }, input))

/** Frames sent over and over on a connection, `depth` of them waiting for their answers at a time. */
export interface Stream {
  readonly frames: readonly Buffer[]
  readonly depth: number
}

/**
 * Sends the streams for some seconds, each on a connection of its own, and returns how many answers came.
 * Throws unless each answer is, byte for byte, `expected`.
 */
export const pump = async (
  port: number,
  streams: readonly Stream[],
  seconds: number,
  expected: Buffer,
): Promise<{ answers: number; seconds: number }> => {
  const pumps = await Promise.all(streams.map((stream) => begin(port, stream, expected)))
  const startedMs = performance.now()
  for (const each of pumps) each.start()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const answers = pumps.reduce((sum, each) => sum + each.answers(), 0)
  const elapsed = (performance.now() - startedMs) / 1000
  await Promise.all(pumps.map((each) => each.stop()))
  return { answers, seconds: elapsed }
}

const begin = async (port: number, { frames, depth }: Stream, expected: Buffer) => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let [sent, answered] = [0, 0]
  let isOver = false
  let failure: Error | undefined
  let rest: Buffer = Buffer.alloc(0)
  const drained = Promise.withResolvers<void>()
  const send = (count: number): void => {
    const next = Array.from(
      { length: count },
      (_, index) => frames[(sent + index) % frames.length]!,
    )
    sent += count
    socket.write(Buffer.concat(next))
  }
  socket.on('data', (bytes: Buffer) => {
    let received = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
    let count = 0
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const end = 4 + received.readInt32BE(0)
      if (!received.subarray(4, end).equals(expected))
        failure ??= new Error(
          `an answer that was not expected: ${received.toString('hex', 4, end)}`,
        )
      received = received.subarray(end)
      count += 1
    }
    rest = received
    answered += count
    if (!isOver && !failure) send(count)
    else if (answered === sent || failure) drained.resolve()
  })
  socket.once('close', () => drained.reject(new Error('the broker closed a connection')))
  return {
    start: () => send(depth),
    answers: () => answered,
    stop: async () => {
      isOver = true
      await drained.promise
      socket.destroy()
      if (failure) throw failure
    },
  }
}

/**
 * Sends each frame at its time, whether or not the answers before it have come, and returns for each the ms
 * from when it was due until its answer. `dueMs` counts from the start; frames are spread over connections.
 */
export const paced = async (
  port: number,
  frames: readonly { readonly dueMs: number; readonly frame: Buffer }[],
  connectionCount: number,
): Promise<number[]> => {
  const sorted = frames.toSorted((one, other) => one.dueMs - other.dueMs)
  const lanes = await Promise.all(Array.from({ length: connectionCount }, () => lane(port)))
  const startedMs = performance.now()
  let next = 0
  while (next < sorted.length) {
    const nowMs = performance.now() - startedMs
    for (; next < sorted.length && sorted[next]!.dueMs <= nowMs; next += 1) {
      const { dueMs, frame } = sorted[next]!
      lanes[next % connectionCount]!.send(frame, startedMs + dueMs)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return (await Promise.all(lanes.map((each) => each.finish()))).flat()
}

/** One connection that notes how late each answer is. */
const lane = async (port: number) => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const due: number[] = []
  const lateMs: number[] = []
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    const nowMs = performance.now()
    rest = Buffer.concat([rest, bytes])
    for (; rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0); ) {
      rest = rest.subarray(4 + rest.readInt32BE(0))
      lateMs.push(nowMs - due[lateMs.length]!)
    }
  })
  return {
    send(frame: Buffer, atMs: number): void {
      due.push(atMs)
      socket.write(frame)
    },
    async finish(): Promise<number[]> {
      while (lateMs.length < due.length) await once(socket, 'data')
      socket.destroy()
      return lateMs
    },
  }
}
