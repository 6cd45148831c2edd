import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import type { Socket, SocketEvents } from '#world'
import { Connection, type ConnectionLimits } from './connection.ts'
import type { Exchange } from './exchange.ts'
import { ApiFigures } from './figures.ts'
import {
  serviceBoundsMs,
  slowFrameBytesMin,
  slowFrameSweepsMax,
  smallFrameSizeMax,
  stalledReaderMs,
  writeSizeMax,
} from './limits.ts'
import { RequestMemory } from './request-memory.ts'
import { ResponseMemory } from './response-memory.ts'

const frame = (body: string | Buffer): Buffer => {
  const bytes = Buffer.from(body)
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Everything that is due in microtasks. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

interface Options extends Partial<ConnectionLimits> {
  requestBytes?: number
  responseBytes?: number
}

/** A connection over a socket made of two arrays, whose requests the test answers itself. */
const connect = (options: Options = {}) => {
  const written: Buffer[] = []
  const begun: { body: string; answer(text: string): void; fail(): void }[] = []
  const complaints: string[] = []
  let events!: SocketEvents
  const state = { takes: true, paused: false, destroyed: false, ended: false, nowMs: 0, closed: 0 }
  const socket: Socket = {
    remoteAddress: '127.0.0.1',
    remotePort: 1,
    start: (listener) => {
      events = listener
    },
    write: (chunks) => {
      written.push(...chunks.map((chunk) => Buffer.from(chunk)))
      return state.takes
    },
    pause: () => {
      state.paused = true
    },
    resume: () => {
      state.paused = false
    },
    end: () => {
      state.ended = true
    },
    destroy: () => {
      state.destroyed = true
    },
  }
  const figures = new ApiFigures('Tested')
  const traffic = { receivedBytes: 0, sentBytes: 0, accepted: 0, refused: 0 }
  const begin = (request: Buffer): Exchange => {
    const body = request.toString('latin1', 0, 20)
    const isTwoStage = body.startsWith('two')
    const kind = { twoStage: isTwoStage, keepsFrame: isTwoStage, figures }
    if (body.startsWith('now')) return { ...kind, answer: [Buffer.from(`${body};`)] }
    let resolve!: (chunks: Uint8Array[]) => void
    let reject!: (error: Error) => void
    const answer = new Promise<Uint8Array[]>((yes, no) => {
      resolve = yes
      reject = no
    })
    begun.push({
      body,
      answer: (text) => resolve([Buffer.from(text)]),
      fail: () => reject(new Error('broken')),
    })
    return { ...kind, answer }
  }
  const responses = new ResponseMemory(options.responseBytes ?? 1e9)
  const requests = new RequestMemory(options.requestBytes ?? 1e9)
  const connection = new Connection(socket, {
    requests,
    responses,
    traffic,
    limits: {
      frameSizeMax: 1e8,
      pipelineMax: 100,
      responseBytesMax: 1e9,
      requestTimeoutMs: 60_000,
      idleMsMax: 600_000,
      ...options,
    },
    monotonicMs: () => state.nowMs,
    begin,
    complain: (_peer, reason) => complaints.push(reason),
    closed: () => {
      state.closed += 1
    },
  })
  const send = (...bodies: (string | Buffer)[]) => events.data(Buffer.concat(bodies.map(frame)))
  const text = () => Buffer.concat(written).toString()
  return {
    connection,
    events,
    socket,
    written,
    begun,
    complaints,
    state,
    requests,
    responses,
    figures,
    traffic,
    send,
    text,
  }
}

test('answers leave in the order of the requests', async () => {
  const { send, begun, text } = connect()
  send('two a', 'two b', 'now c')
  begun[1]!.answer('B;')
  await settled()
  equal(text(), '')
  begun[0]!.answer('A;')
  await settled()
  equal(text(), 'A;B;now c;')
})

test('a request that is not two-stage is answered before the next one begins', async () => {
  const { send, begun } = connect()
  send('one a', 'two b', 'two c')
  deepEqual(
    begun.map(({ body }) => body),
    ['one a'],
  )
  begun[0]!.answer('A;')
  await settled()
  deepEqual(
    begun.map(({ body }) => body),
    ['one a', 'two b', 'two c'],
  )
})

test('a connection reads no further than its pipeline allows', async () => {
  const { send, begun, state } = connect({ pipelineMax: 2 })
  send('two a', 'two b', 'two c')
  equal(begun.length, 2)
  equal(state.paused, true)
  begun[0]!.answer('A;')
  await settled()
  equal(begun.length, 3)
})

test('a large frame waits for memory unread, and a small one passes', async () => {
  const large = Buffer.alloc(smallFrameSizeMax + 1, 'two')
  const memory = connect({ requestBytes: large.length })
  memory.send(large)
  memory.send('two small', large)
  deepEqual(
    memory.begun.map(({ body }) => body.slice(0, 9)),
    ['twotwotwo', 'two small'],
  )
  equal(memory.state.paused, true)
  memory.begun[0]!.answer('A;')
  await settled()
  equal(memory.begun.length, 3)
  equal(memory.state.paused, false)
})

test('a length below zero or above the limit closes the connection with a reason', () => {
  for (const length of [-1, 101]) {
    const { events, complaints, state } = connect({ frameSizeMax: 100 })
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(length)
    events.data(bytes)
    equal(state.destroyed, true)
    equal(complaints.length, 1)
  }
})

test('an answer that fails closes the connection', async () => {
  const { send, begun, state, complaints } = connect()
  send('two a')
  begun[0]!.fail()
  await settled()
  equal(state.destroyed, true)
  deepEqual(complaints, ['broken'])
})

test('who does not read gets no further request begun', async () => {
  const { send, begun, state, events, responses } = connect({ responseBytesMax: 10 })
  state.takes = false
  send('two a', 'two b')
  begun[0]!.answer('x'.repeat(20))
  begun[1]!.answer('y')
  await settled()
  send('two c')
  equal(begun.length, 2)
  equal(responses.roomBytes, 1e9 - 21)
  state.takes = true
  events.drained()
  await settled()
  equal(begun.length, 3)
  equal(responses.roomBytes, 1e9)
})

test('a large answer is written a piece at a time', async () => {
  const { send, begun, state, events, written } = connect()
  state.takes = false
  send('two a')
  begun[0]!.answer('z'.repeat(writeSizeMax + 1))
  await settled()
  equal(written.length, 1)
  events.drained()
  equal(written.length, 2)
  equal(written[1]!.length, 1)
})

test('a frame that is not complete in time closes the connection', () => {
  const { events, connection, state, complaints } = connect({ requestTimeoutMs: 1000 })
  events.data(Buffer.from([0, 0, 0, 9, 1]))
  state.nowMs = 1000
  connection.sweep(1000)
  equal(state.destroyed, false)
  events.data(Buffer.from([1]))
  connection.sweep(1001)
  equal(state.destroyed, true)
  equal(complaints.length, 1)
})

test('who holds memory for a frame and hardly sends it is closed once others wait for it', () => {
  const { events, connection, state, complaints } = connect({ requestBytes: 100 })
  events.data(Buffer.from([0, 1, 0, 9, 1]))
  for (let sweep = 0; sweep < 10; sweep += 1) connection.sweep(sweep)
  equal(state.destroyed, false)
  const holder = connect({ requestBytes: 100 })
  holder.events.data(Buffer.from([0, 1, 0, 9, 1]))
  holder.requests.reserve(smallFrameSizeMax + 1, () => undefined)
  for (let sweep = 0; sweep < slowFrameSweepsMax; sweep += 1) {
    equal(holder.state.destroyed, false)
    holder.connection.sweep(sweep)
  }
  equal(holder.state.destroyed, true)
  equal(holder.complaints.length, 1)
  equal(complaints.length, 0)
})

test('who sends a large frame steadily keeps its memory while others wait', () => {
  const { events, connection, state, requests } = connect({ requestBytes: 100 })
  events.data(Buffer.from([0, 99, 0, 9, 1]))
  requests.reserve(smallFrameSizeMax + 1, () => undefined)
  for (let sweep = 0; sweep < 3 * slowFrameSweepsMax; sweep += 1) {
    events.data(Buffer.alloc(slowFrameBytesMin))
    connection.sweep(sweep)
  }
  equal(state.destroyed, false)
})

test('an idle connection is closed and one with a request in service is not', async () => {
  const { send, begun, connection, state } = connect({ idleMsMax: 1000 })
  send('two a')
  connection.sweep(5000)
  equal(state.destroyed, false)
  begun[0]!.answer('A;')
  await settled()
  connection.sweep(5000)
  equal(state.destroyed, true)
})

test('a reader that has stalled is closed only when memory is short', async () => {
  for (const [responseBytes, closed] of [
    [100, true],
    [1000, false],
  ] as const) {
    const { send, begun, connection, state } = connect({ responseBytes })
    state.takes = false
    send('two a')
    begun[0]!.answer('x'.repeat(90))
    await settled()
    connection.sweep(stalledReaderMs + 1)
    equal(state.destroyed, closed)
  }
})

test('a stop lets requests in service be answered and begins no other', async () => {
  const { send, begun, connection, state, text } = connect()
  send('two a')
  connection.stop()
  send('two b')
  equal(begun.length, 1)
  begun[0]!.answer('A;')
  await settled()
  equal(text(), 'A;')
  equal(state.ended, true)
})

test('closing tells those who wait, once, and gives memory back', async () => {
  const { send, begun, connection, state, responses, events } = connect()
  let told = 0
  connection.onClose(() => {
    told += 1
  })
  connection.onClose(() => {
    told += 10
  })()
  state.takes = false
  send('two a', 'two b')
  begun[0]!.answer('x'.repeat(50))
  await settled()
  connection.close()
  connection.close()
  begun[1]!.answer('late')
  events.drained()
  await settled()
  equal(told, 1)
  equal(state.closed, 1)
  equal(responses.roomBytes, 1e9)
})

test('a request is counted with its time when its answer has gone out, and so are the bytes', async () => {
  const { send, begun, state, figures, traffic, text } = connect()
  send('two a', 'two b')
  equal(traffic.receivedBytes, 18)
  state.nowMs = 3
  begun[1]!.answer('B;')
  await settled()
  equal(figures.service.count, 0)
  state.nowMs = 40
  begun[0]!.answer('A;')
  await settled()
  equal(text(), 'A;B;')
  equal(traffic.sentBytes, 4)
  equal(figures.service.count, 2)
  equal(figures.service.sumMs, 80)
  equal(figures.service.within[serviceBoundsMs.indexOf(50)], 2)
})
