// What strangers do to an open port. Each attack opens connections of its own, does one kind of harm,
// and resolves when it is over; only an answer that must come and does not is an error.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  type Api,
  ApiVersions,
  apis,
  CreateTopics,
  decodeResponse,
  decodeResponseHeader,
  encodeRequestFrame,
  Fetch,
  Metadata,
  Produce,
  responseHeaderVersion,
  versionsOf,
} from '#protocol'
import { fetchRequest, type SeededRandom, type Topic, within } from '#testing'
import { mutated } from './mutate.ts'
import { type Known, randomRequest } from './random-request.ts'

/** What an attack gets to work with. */
export interface Target {
  port: number
  known: Known
  random: SeededRandom
  /** A topic with a few megabytes to read. */
  large: Topic
  /** Notes what is about to be sent, for whoever has to find out later. */
  note(what: string, bytes?: Buffer): void
}

/** One kind of harm. */
export type Attack = (target: Target) => Promise<void>

/** Longest that a well-formed request may go without an answer or a closed connection. */
const answerMs = 20_000
const lingerMs = 20

/** Kinds of attack with how often each is chosen. */
export const attacks: readonly (readonly [
  weight: number,
  attack: (target: Target) => Promise<void>,
])[] = [
  [40, (target) => damagedFrames(target)],
  [25, (target) => oddRequests(target)],
  [6, (target) => noise(target)],
  [6, (target) => byteByByte(target)],
  [4, (target) => hugeLengths(target)],
  [4, (target) => neverReading(target)],
  [4, (target) => deepPipeline(target)],
  [5, (target) => brokenOff(target)],
  [1, (target) => crowd(target)],
]

/** APIs that do something here get half of the requests. */
const favourites: readonly Api[] = [Produce, Fetch, Metadata, CreateTopics, ApiVersions]

interface RandomFrame {
  api: Api
  version: number
  frame: Buffer
  /** A produce request under `acks=0`. */
  unanswered: boolean
}

const randomFrame = ({ known, random }: Target): RandomFrame => {
  const api = random.pick(random.chance(0.4) ? favourites : apis)
  const version = random.pick(versionsOf(api))
  const sender = { correlationId: random.below(1e9), clientId: random.pick([null, '', 'fuzz']) }
  const request = randomRequest(api, version, known, random)
  const frame = Buffer.concat(encodeRequestFrame(api, version, sender, request))
  return { api, version, frame, unanswered: 'acks' in request && request.acks === 0 }
}

const open = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await within('a connection is accepted', once(socket, 'connect'), answerMs)
  return socket
}

const gone = (socket: Socket): Promise<void> =>
  socket.closed
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', () => resolve()))

/** Gives what was sent the time to do harm; there is nothing to wait for. */
const linger = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const send = async (socket: Socket, bytes: Buffer, random: SeededRandom): Promise<void> => {
  if (random.chance(0.6)) {
    socket.write(bytes)
    return
  }
  for (let position = 0; position < bytes.length && !socket.destroyed; ) {
    const end = position + random.between(1, Math.max(1, bytes.length >> 1))
    socket.write(bytes.subarray(position, end))
    position = end
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const damagedFrames = async (target: Target): Promise<void> => {
  const { random } = target
  const socket = await open(target.port)
  socket.resume()
  for (let count = random.between(1, 10); count > 0 && !socket.destroyed; count -= 1) {
    const { api, version, frame } = randomFrame(target)
    const bytes = mutated(frame, random)
    target.note(`damaged ${api.name} v${version}`, bytes)
    await send(socket, bytes, random)
  }
  await Promise.race([gone(socket), linger(lingerMs)])
  socket.destroy()
}

/** Well-formed requests: each is answered by a frame that makes sense, or the connection is closed. */
const oddRequests = async (target: Target): Promise<void> => {
  const { random } = target
  const socket = await open(target.port)
  const answers = frames(socket)
  for (let count = random.between(1, 6); count > 0 && !socket.destroyed; count -= 1) {
    const { api, version, frame, unanswered } = randomFrame(target)
    target.note(`odd ${api.name} v${version}`, frame)
    await send(socket, frame, random)
    if (unanswered) continue
    const answer = await within(`an answer to ${api.name} v${version}`, answers.next(), answerMs)
    if (!answer) break
    const { header, position } = decodeResponseHeader(answer, responseHeaderVersion(api, version))
    if (header.correlationId !== frame.readInt32BE(8))
      throw new Error(`the answer to ${api.name} v${version} has another correlation id`)
    decodeResponse(api, version, answer, position)
  }
  socket.destroy()
}

/** The frames that a socket brings, one at a time; undefined once it is closed. */
const frames = (socket: Socket): { next(): Promise<Buffer | undefined> } => {
  let received: Buffer = Buffer.alloc(0)
  let wake = (): void => undefined
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
    wake()
  })
  socket.on('close', () => wake())
  return {
    next: async () => {
      while (received.length < 4 || received.length < 4 + received.readInt32BE(0)) {
        if (socket.closed) return undefined
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const end = 4 + received.readInt32BE(0)
      const frame = received.subarray(4, end)
      received = received.subarray(end)
      return frame
    },
  }
}

const noise = async ({ port, random, note }: Target): Promise<void> => {
  const socket = await open(port)
  socket.resume()
  const bytes = random.pick([
    random.bytes(random.between(1, 5000)),
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    Buffer.from('16030100c8010000c40303', 'hex'),
    Buffer.alloc(random.between(1, 4096)),
    Buffer.alloc(random.between(1, 4096), 0xff),
  ])
  note('noise', bytes)
  await send(socket, bytes, random)
  await Promise.race([gone(socket), linger(lingerMs)])
  socket.destroy()
}

const byteByByte = async (target: Target): Promise<void> => {
  const socket = await open(target.port)
  socket.resume()
  socket.setNoDelay(true)
  const { api, version, frame } = randomFrame(target)
  const bytes = target.random.chance(0.5) ? mutated(frame, target.random) : frame
  target.note(`${api.name} v${version} byte by byte`, bytes)
  for (let position = 0; position < Math.min(bytes.length, 400); position += 1) {
    if (socket.destroyed) return
    socket.write(bytes.subarray(position, position + 1))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.race([gone(socket), linger(lingerMs)])
  socket.destroy()
}

/** Lengths of the largest frames allowed, with a part of what they promise. */
const hugeLengths = async ({ port, random, note }: Target): Promise<void> => {
  const sockets = await Promise.all(Array.from({ length: random.between(1, 40) }, () => open(port)))
  const head = Buffer.alloc(4)
  head.writeInt32BE(random.between(1_000_000, 16 * 1024 * 1024))
  const part = random.bytes(random.pick([0, 1, 1000, 300_000]))
  note(`${sockets.length} times a length of ${head.readInt32BE(0)} and ${part.length} bytes`)
  for (const socket of sockets) {
    socket.resume()
    socket.write(head)
    socket.write(part)
  }
  await linger(random.pick([lingerMs, 1000]))
  for (const socket of sockets) socket.destroy()
}

/** Asks for much and takes none of it. */
const neverReading = async ({ port, random, large, note }: Target): Promise<void> => {
  const socket = await open(port)
  socket.pause()
  const count = random.between(1, 200)
  note(`${count} large fetches that nobody reads`)
  const sender = { correlationId: 1, clientId: 'never reads' }
  const frame = Buffer.concat(encodeRequestFrame(Fetch, 18, sender, fetchRequest(large, 0)))
  for (let sent = 0; sent < count; sent += 1) socket.write(frame)
  await linger(random.pick([lingerMs, 500, 2000]))
  socket.destroy()
}

const deepPipeline = async ({ port, random, note }: Target): Promise<void> => {
  const socket = await open(port)
  const count = random.between(100, 5000)
  note(`${count} requests at once`)
  const sender = { correlationId: 1, clientId: null }
  const frame = Buffer.concat(encodeRequestFrame(Metadata, 4, sender, { topics: [] }))
  const answers = frames(socket)
  socket.write(Buffer.concat(Array.from({ length: count }, () => frame)))
  for (let answered = 0; answered < count; answered += 1)
    if (!(await within('a pipelined answer', answers.next(), answerMs)))
      throw new Error(`the connection was closed after ${answered} of ${count} requests`)
  socket.destroy()
}

/** Connections that end in the middle of something, each in its own way. */
const brokenOff = async (target: Target): Promise<void> => {
  const { random } = target
  const socket = await open(target.port)
  socket.resume()
  const { api, version, frame } = randomFrame(target)
  target.note(`${api.name} v${version}, broken off`, frame)
  if (random.chance(0.5)) socket.write(frame)
  socket.write(frame.subarray(0, random.between(0, frame.length)))
  const end = random.below(3)
  if (end === 0) socket.destroy()
  else if (end === 1) socket.resetAndDestroy()
  else {
    socket.end()
    await Promise.race([gone(socket), linger(1000)])
    socket.destroy()
  }
}

/** Very many connections, most of them silent. */
const crowd = async (target: Target): Promise<void> => {
  const { random } = target
  const count = random.between(100, 1500)
  target.note(`${count} connections`)
  const sockets: Socket[] = []
  try {
    for (let opened = 0; opened < count; opened += 50)
      sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => open(target.port)))))
    for (const socket of sockets) {
      socket.resume()
      if (random.chance(0.3)) socket.write(randomFrame(target).frame.subarray(0, random.below(40)))
    }
    await linger(500)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}
