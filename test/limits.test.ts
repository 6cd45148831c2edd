// What strangers can do to a broker, and what it costs the others: bounds, deadlines, bad bytes. Each
// test has a broker of its own, in a process whose memory can be watched.
import { deepEqual, equal, match, notEqual, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import { codeOf } from '#model'
import {
  ApiVersions,
  decodeResponse,
  decodeResponseHeader,
  encodeRequestFrame,
  Fetch,
  Metadata,
  Produce,
} from '#protocol'
import { buildBatch } from '#records'
import {
  type BrokerProcess,
  createTopic,
  fetchRequest,
  produceBatch,
  produceRequest,
  readBatches,
  readOnce,
  spawnBroker,
  type Topic,
  until,
  type WireClient,
  within,
} from '#testing'

const megabyte = 1024 * 1024
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const newBroker = async (...sets: string[]): Promise<BrokerProcess> => {
  const broker = await spawnBroker({ sets })
  cleanups.push(() => broker.remove())
  return broker
}
const newClient = async (broker: BrokerProcess): Promise<WireClient> => {
  const client = await broker.connect()
  cleanups.push(() => client.close())
  return client
}

/** A connection on which anything can be sent. */
interface Raw {
  socket: Socket
  closed: Promise<void>
  isClosed(): boolean
  received(): Buffer
}
const openRaw = async ({ port }: BrokerProcess): Promise<Raw> => {
  const socket = connect(port, '127.0.0.1')
  cleanups.push(() => socket.destroy())
  let received: Buffer = Buffer.alloc(0)
  let isClosed = false
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
  })
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      isClosed = true
      resolve()
    }),
  )
  await once(socket, 'connect')
  return { socket, closed, isClosed: () => isClosed, received: () => received }
}

const frameOf = (body: Buffer, declared = body.length): Buffer => {
  const frame = Buffer.alloc(4 + body.length)
  frame.writeInt32BE(declared)
  body.copy(frame, 4)
  return frame
}
const headerOf = (apiKey: number, version: number): Buffer => {
  const header = Buffer.alloc(10)
  header.writeInt16BE(apiKey, 0)
  header.writeInt16BE(version, 2)
  header.writeInt32BE(77, 4)
  header.writeInt16BE(-1, 8)
  return header
}
const sender = { correlationId: 77, clientId: null }
const metadataFrame = Buffer.concat(encodeRequestFrame(Metadata, 12, sender, { topics: [] }))

const isServed = async (client: WireClient): Promise<void> => {
  const { clusterId } = await within(
    'a well-behaved client is served',
    client.request(Metadata, 12, { topics: [] }),
    5000,
  )
  notEqual(clusterId, null)
}
const hasLogged = (broker: BrokerProcess, pattern: RegExp): Promise<void> =>
  until(`a log line like ${pattern}`, () => pattern.test(broker.output.stderr))
const batchOf = (size: number): Buffer =>
  buildBatch([{ timestampMs: Date.now(), key: null, value: Buffer.alloc(size, 'x') }])

test('max.connections turns the next one away, and lets it in when another has left', async () => {
  const broker = await newBroker('max.connections=3')
  const clients = [await newClient(broker), await newClient(broker), await newClient(broker)]
  for (const client of clients) await isServed(client)
  await (await openRaw(broker)).closed
  await hasLogged(broker, /warn closed a connection: max\.connections allows 3/)
  clients[1]!.close()
  await until('a newcomer is served', async () => {
    const client = await newClient(broker)
    return client.request(Metadata, 12, { topics: [] }).then(
      () => true,
      () => false,
    )
  })
  await isServed(clients[0]!)
})

test('max.connections.per.ip bounds an address, and an override another one', async () => {
  const broker = await newBroker('max.connections.per.ip=2')
  const clients = [await newClient(broker), await newClient(broker)]
  await (await openRaw(broker)).closed
  await hasLogged(broker, /max\.connections\.per\.ip allows 2/)
  for (const client of clients) await isServed(client)
  const strict = await newBroker('max.connections.per.ip.overrides=127.0.0.1:1')
  await isServed(await newClient(strict))
  await (await openRaw(strict)).closed
})

test('an idle connection is closed, and one that waits for records is not', async () => {
  const broker = await newBroker('connections.max.idle.ms=300')
  const client = await newClient(broker)
  const topic = await createTopic(client, 'quiet')
  const waiting = client.request(Fetch, 18, fetchRequest(topic, 0, { maxWaitMs: 1800 }))
  const idle = await openRaw(broker)
  await within('the idle connection is closed', idle.closed)
  equal((await waiting).responses[0]?.partitions[0]?.errorCode, 0)
  await within('the other one is closed once it is idle', client.closed)
})

test('a request that was begun must come to its end in time', async () => {
  const broker = await newBroker('odradek.request.timeout.ms=400')
  const client = await newClient(broker)
  const [silent, half] = [await openRaw(broker), await openRaw(broker)]
  half.socket.write(metadataFrame.subarray(0, 1))
  half.socket.write(metadataFrame.subarray(1, 3))
  const large = await openRaw(broker)
  large.socket.write(frameOf(Buffer.alloc(100), 90 * megabyte))
  await within('half a request is closed', half.closed)
  await within('half a large request is closed', large.closed)
  await hasLogged(broker, /a request was not complete after 400 ms/)
  equal(silent.isClosed(), false, 'who has begun nothing may be silent')
  await isServed(client)
})

test('a request that comes byte by byte is answered', async () => {
  const broker = await newBroker()
  const raw = await openRaw(broker)
  raw.socket.setNoDelay(true)
  for (const byte of metadataFrame) {
    raw.socket.write(Buffer.of(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until('an answer comes', () => raw.received().length > 8)
  equal(raw.received().readInt32BE(4), 77)
})

/** How many sockets each of the two processes may hold. */
const socketsMax = (): number => {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]) - 300
  } catch {
    return 700
  }
}

test('5,000 sockets that each announce 100 MB cost no memory, and others are served', async () => {
  const broker = await newBroker('socket.listen.backlog.size=1000')
  const client = await newClient(broker)
  const topic = await createTopic(client, 'large')
  await produceBatch(client, topic, batchOf(900_000))
  const before = broker.residentBytes
  const count = Math.min(5000, socketsMax())
  const raws: Raw[] = []
  const greedy = frameOf(Buffer.alloc(5000), 100_000_000)
  for (let opened = 0; opened < count; opened += 100) {
    const opening = await Promise.all(Array.from({ length: 100 }, () => openRaw(broker)))
    for (const { socket } of opening) socket.write(greedy)
    raws.push(...opening)
  }
  await isServed(client)
  const grown = (broker.residentBytes - before) / megabyte
  equal(grown > 250, false, `the broker has grown by ${grown} MB`)
  for (const { socket } of raws) socket.destroy()
  await within('a large request passes now', produceBatch(client, topic, batchOf(900_000)))
})

test('large requests are let in as they came and none starves, while small ones pass', async () => {
  const broker = await newBroker(
    'socket.request.max.bytes=1500000',
    'queued.max.request.bytes=1500000',
  )
  const client = await newClient(broker)
  const topic = await createTopic(client, 'large')
  const request = produceRequest(topic, 0, batchOf(900_000), -1)
  const frame = Buffer.concat(encodeRequestFrame(Produce, 13, sender, request))
  const raws = [
    await openRaw(broker),
    await openRaw(broker),
    await openRaw(broker),
    await openRaw(broker),
  ]
  const middle = frame.length >> 1
  for (const { socket } of raws) {
    socket.write(frame.subarray(0, middle))
    await isServed(client)
  }
  const other = await newClient(broker)
  const held = produceBatch(other, topic, batchOf(900_000))
  for (let count = 0; count < 20; count += 1) await isServed(client)
  equal((await readOnce(client, topic)).highWatermark, 0, 'large requests are held back')
  for (const { socket } of raws.reverse()) socket.write(frame.subarray(middle))
  for (const raw of raws) await until('it is answered', () => raw.received().length > 8)
  await within('who came last is answered', held)
  equal((await readOnce(client, topic)).highWatermark, raws.length + 1)
})

test('a large request that never ends gives way to the next one', async () => {
  const broker = await newBroker(
    'socket.request.max.bytes=1500000',
    'queued.max.request.bytes=1500000',
    'odradek.request.timeout.ms=500',
  )
  const client = await newClient(broker)
  const topic = await createTopic(client, 'large')
  const stuck = await openRaw(broker)
  stuck.socket.write(frameOf(Buffer.alloc(1000), 1_400_000))
  await isServed(client)
  await within('the next one is served', produceBatch(client, topic, batchOf(900_000)))
  await within('the first is closed', stuck.closed)
})

test('a client that never reads neither grows the broker nor delays others', async () => {
  const broker = await newBroker(
    `odradek.connection.response.max.bytes=${2 * megabyte}`,
    `odradek.response.max.bytes=${8 * megabyte}`,
  )
  const client = await newClient(broker)
  const topic = await createTopic(client, 'large')
  for (let count = 0; count < 10; count += 1) await produceBatch(client, topic, batchOf(900_000))
  const before = broker.residentBytes
  const stalled = await Promise.all(Array.from({ length: 20 }, () => newClient(broker)))
  const answers = stalled.map((slow) => {
    slow.stall()
    const ask = () => slow.request(Fetch, 18, fetchRequest(topic, 0))
    return Promise.allSettled(Array.from({ length: 30 }, ask))
  })
  for (let count = 0; count < 10; count += 1) {
    await isServed(client)
    const { batches } = await within('others read', readOnce(client, topic), 5000)
    equal(batches.length >= 1, true)
    await within('others write', produceBatch(client, topic, batchOf(100)), 5000)
  }
  const grown = (broker.residentBytes - before) / megabyte
  equal(grown > 200, false, `the broker has grown by ${grown} MB`)
  for (const slow of stalled) slow.close()
  await Promise.all(answers)
  await isServed(client)
})

test('a slow reader gets everything in the end, in order', async () => {
  const broker = await newBroker(`odradek.connection.response.max.bytes=${2 * megabyte}`)
  const client = await newClient(broker)
  const topic = await createTopic(client, 'large')
  for (let count = 0; count < 10; count += 1) await produceBatch(client, topic, batchOf(900_000))
  const slow = await newClient(broker)
  slow.stall()
  const answers = Array.from({ length: 20 }, (_, index) =>
    slow.request(Fetch, 18, fetchRequest(topic, 0, { offset: index % 10, partitionMaxBytes: 1 })),
  )
  for (let count = 0; count < 5; count += 1) await isServed(client)
  slow.unstall()
  const offsets = (await Promise.all(answers)).map(({ responses }) => {
    const [batch] = readBatches(responses[0]!.partitions[0]!.records!)
    return batch?.baseOffset
  })
  deepEqual(
    offsets,
    Array.from({ length: 20 }, (_, index) => index % 10),
  )
})

const brokenFrames: [what: string, frame: Buffer, reason: RegExp][] = [
  ['a length below zero', frameOf(Buffer.alloc(0), -1), /declared -1 bytes/],
  ['a length above the limit', frameOf(Buffer.alloc(0), 104_857_601), /declared 104857601 bytes/],
  ['a request without bytes', frameOf(Buffer.alloc(0)), /0 bytes/],
  ['an unknown API', frameOf(headerOf(999, 0)), /API key 999/],
  ['an API that is not served yet', frameOf(headerOf(11, 5)), /API key 11|JoinGroup/],
  ['a negative API key', frameOf(headerOf(-1, 0)), /API key -1/],
  ['an unknown version', frameOf(headerOf(3, 99)), /version 99 of Metadata/],
  ['a negative version', frameOf(headerOf(3, -1)), /version -1 of Metadata/],
  ['Produce in version 0', frameOf(headerOf(0, 0)), /version 0 of Produce/],
  ['Produce in version 1', frameOf(headerOf(0, 1)), /version 1 of Produce/],
  ['Produce in version 2', frameOf(headerOf(0, 2)), /version 2 of Produce/],
  ['a request that is cut off', frameOf(metadataFrame.subarray(4, -2)), /Metadata/],
  ['a list longer than its frame', frameOf(listOf(0x7fffffff)), /Metadata/],
  [
    'another protocol',
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    /declared 1195725856 bytes/,
  ],
]

/** A Metadata request in version 1 that declares so many topics. */
function listOf(count: number): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(count)
  return Buffer.concat([headerOf(3, 1), size])
}

test('broken requests close their connection with a log line, and only theirs', async () => {
  const broker = await newBroker()
  const client = await newClient(broker)
  for (const [what, frame, reason] of brokenFrames) {
    const raw = await openRaw(broker)
    raw.socket.write(frame)
    await within(`${what} closes the connection`, raw.closed, 5000)
    equal(raw.received().length, 0, what)
    await hasLogged(broker, reason)
    await isServed(client)
  }
  for (const line of broker.output.stderr.trim().split('\n'))
    match(line, /^\S+ warn closed .*/, 'nothing but warnings')
})

test('a thousand broken requests do not flood the log', async () => {
  const broker = await newBroker()
  const frame = frameOf(headerOf(999, 0))
  for (let round = 0; round < 20; round += 1) {
    const raws = await Promise.all(Array.from({ length: 50 }, () => openRaw(broker)))
    for (const { socket } of raws) socket.write(frame)
    await Promise.all(raws.map(({ closed }) => closed))
  }
  await hasLogged(broker, /closed \d+ further connections/)
  const lines = broker.output.stderr.trim().split('\n')
  equal(lines.length < 500, true, `${lines.length} lines`)
})

for (const version of [5, 99, 32_767])
  test(`ApiVersions v${version} is answered in v0 with what is spoken here`, async () => {
    const broker = await newBroker()
    const client = await newClient(broker)
    const body = Buffer.concat([headerOf(ApiVersions.key, version), Buffer.alloc(20, 0xff)])
    const answer = await client.exchange([frameOf(body)])
    const { header, position } = decodeResponseHeader(answer, 0)
    equal(header.correlationId, 77)
    const { errorCode, apiKeys } = decodeResponse(ApiVersions, 0, answer, position)
    equal(errorCode, codeOf('UNSUPPORTED_VERSION'))
    const own = apiKeys.find(({ apiKey }) => apiKey === ApiVersions.key)
    deepEqual([own?.minVersion, own?.maxVersion], [0, 4])
    const greeting = { clientSoftwareName: 'test', clientSoftwareVersion: '1' }
    const { apiKeys: served } = await client.request(ApiVersions, 4, greeting)
    const produce = served.find(({ apiKey }) => apiKey === Produce.key)
    deepEqual([produce?.minVersion, produce?.maxVersion], [0, 13])
  })

/** Produce, fetch and metadata requests by turns; resolves to the offsets that were given. */
const mixed = async (client: WireClient, topic: Topic, count: number): Promise<number[]> => {
  const offsets: number[] = []
  const jobs = Array.from({ length: count }, (_, index) => {
    if (index % 3 === 0)
      return produceBatch(client, topic, batchOf(50)).then((offset) => offsets.push(offset))
    if (index % 3 === 1)
      return client.request(Fetch, 18, fetchRequest(topic, 0, { maxWaitMs: 5, offset: 0 }))
    return client.request(Metadata, 12, { topics: [] })
  })
  await within('all are answered', Promise.all(jobs))
  return offsets
}

for (const pipelineMax of [1, 4, 1024])
  test(`600 requests at once are answered in order when ${pipelineMax} are served at a time`, async () => {
    const broker = await newBroker(`odradek.request.pipeline.max=${pipelineMax}`)
    const client = await newClient(broker)
    const topic = await createTopic(client, 'pipelined')
    const offsets = await mixed(client, topic, 600)
    deepEqual(
      offsets,
      Array.from({ length: 200 }, (_, index) => index),
    )
  })

test('a connection that ends in the middle of a request harms nobody', async () => {
  const broker = await newBroker()
  const client = await newClient(broker)
  const topic = await createTopic(client, 'broken-off')
  const request = produceRequest(topic, 0, batchOf(50_000), -1)
  const frame = Buffer.concat(encodeRequestFrame(Produce, 13, sender, request))
  for (const end of ['destroy', 'resetAndDestroy', 'end'] as const)
    for (const part of [1, 4, 20, frame.length - 1]) {
      const raw = await openRaw(broker)
      raw.socket.write(frame.subarray(0, part))
      raw.socket[end]()
      await within('it is closed', raw.closed)
    }
  equal(await produceBatch(client, topic, batchOf(10)), 0)
  const gone = await newClient(broker)
  gone.request(Fetch, 18, fetchRequest(topic, 0, { offset: 1, maxWaitMs: 60_000 })).catch(() => 0)
  gone.close()
  await rejects(gone.request(Metadata, 12, { topics: [] }), /closed/)
  await isServed(client)
  equal(broker.output.stderr, '')
})
