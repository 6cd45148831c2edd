// A generator of requests that costs so little that the broker is what is measured: frames are encoded
// beforehand, many wait for their answers on each connection, and answers are compared as bytes.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Api, encodeRequestFrame, type RequestInput } from '#protocol'

/** One frame, ready to be sent. */
export const frameOf = <A extends Api>(api: A, version: number, input: RequestInput<A>): Buffer =>
  Buffer.concat(encodeRequestFrame(api, version, { correlationId: 7, clientId: 'bench' }, input))

/** Frames sent over and over on a connection, `depth` of them waiting for their answers at a time. */
export interface Stream {
  readonly frames: readonly Buffer[]
  readonly depth: number
}

/** Whether an answer, from its correlation id on, is a good one. */
export type AnswerCheck = (answer: Buffer) => boolean

/** How long to go on: for some seconds, or until so many answers have come. */
export type Span = { readonly seconds: number } | { readonly answers: number }

/** Connections that are made at a time: a backlog takes no more. */
export const connectedTogether = 100

/** What came of it. */
export interface Pumped {
  /** Answers that came in so many seconds. */
  answers: number
  seconds: number
  /** With those that came to what was on its way then. */
  all: number
}

/**
 * Sends the streams for a while, each on a connection of its own, and counts the answers. Throws unless each of
 * them is good.
 */
export const pump = async (
  port: number,
  streams: readonly Stream[],
  span: Span,
  isGood: AnswerCheck,
): Promise<Pumped> => {
  const pumps: Awaited<ReturnType<typeof begin>>[] = []
  while (pumps.length < streams.length) {
    const some = streams.slice(pumps.length, pumps.length + connectedTogether)
    pumps.push(...(await Promise.all(some.map((stream) => begin(port, stream, isGood)))))
  }
  const answered = (): number => pumps.reduce((sum, each) => sum + each.answers(), 0)
  const startedMs = performance.now()
  for (const each of pumps) each.start()
  if ('seconds' in span) await delay(span.seconds * 1000)
  else while (answered() < span.answers && pumps.every((each) => each.isSound())) await delay(1)
  const answers = answered()
  const seconds = (performance.now() - startedMs) / 1000
  await Promise.all(pumps.map((each) => each.stop()))
  return { answers, seconds, all: answered() }
}

/** Good when it is, byte for byte, this. */
export const exactly =
  (expected: Buffer): AnswerCheck =>
  (answer) =>
    answer.equals(expected)

const begin = async (port: number, { frames, depth }: Stream, isGood: AnswerCheck) => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let [sent, answered] = [0, 0]
  let isOver = false
  let failure: Error | undefined
  let rest: Buffer = Buffer.alloc(0)
  const drained = Promise.withResolvers<void>()
  const send = (count: number): void => {
    socket.cork()
    for (let index = 0; index < count; index += 1)
      socket.write(frames[(sent + index) % frames.length]!)
    socket.uncork()
    sent += count
  }
  socket.on('data', (bytes: Buffer) => {
    let received = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
    let count = 0
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const end = 4 + received.readInt32BE(0)
      if (!isGood(received.subarray(4, end)))
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
    isSound: () => failure === undefined && !socket.destroyed,
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
    await delay(1)
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
