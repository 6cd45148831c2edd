// Our codecs against Kafka's own classes: what those wrote is read to the values that they print,
// and written back byte for byte, by the interpreter and by the compiled code alike.
import { deepEqual, equal, fail, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { BytesError, Reader, Writer } from '#bytes'
import {
  apiOf,
  apis,
  type Codec,
  compiled,
  declares,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  decodeResponseHeader,
  interpreted,
  messageCodec,
  ProtocolError,
  requestHeaderVersion,
  responseHeaderVersion,
  type Structure,
  versionsOf,
} from '#protocol'
import {
  expectedOf,
  type GoldenCase,
  nameOf,
  readCorpus,
  sizeOnly,
  unknownTagNumbers,
  withoutTags,
} from './corpus.ts'

const corpus = readCorpus()
const messages = corpus.filter(({ key }) => key >= 0)
const headers = corpus.filter(({ key }) => key < 0)
const makers = { interpreted, compiled }

test('the corpus holds every API in every version, both ways', () => {
  const seen = new Set(messages.map(({ key, side, version }) => `${key} ${side} ${version}`))
  const due = apis.flatMap((api) =>
    versionsOf(api).flatMap((version) => [
      `${api.key} request ${version}`,
      `${api.key} response ${version}`,
    ]),
  )
  equal(apis.length, 72)
  deepEqual([...seen].sort(), due.sort())
})

for (const [name, make] of Object.entries(makers)) {
  test(`${name} code reads what Kafka wrote to the values that Kafka prints`, () => {
    for (const golden of messages) {
      const tags: number[][] = []
      const value = withoutTags(recordsAsSizes(read(golden, make)), tags)
      deepEqual(value, expectedOf(golden, apiOf(golden.key)!), nameOf(golden))
      // A structure that is not on the wire, but its defaults instead, has no tags.
      const due = golden.case === 'tags' ? unknownTagNumbers : []
      deepEqual(tags[0], due, nameOf(golden))
      for (const numbers of tags) if (numbers.length > 0) deepEqual(numbers, due, nameOf(golden))
    }
  })

  test(`${name} code writes back what Kafka wrote, byte for byte`, () => {
    for (const golden of messages) {
      const written = write(codecOf(golden, make), read(golden, make))
      equal(written.toString('hex'), golden.bytes.toString('hex'), nameOf(golden))
    }
  })
}

test('each message stands behind the header version that Kafka gives it', () => {
  for (const golden of messages) {
    const headerVersion = golden.side === 'request' ? requestHeaderVersion : responseHeaderVersion
    equal(headerVersion(apiOf(golden.key)!, golden.version), golden.header, nameOf(golden))
  }
})

test('headers that Kafka wrote are read to the values that Kafka prints', () => {
  for (const golden of headers) {
    const { version, side, value } = golden
    if (side === 'request') {
      const { header, position } = decodeRequestHeader(golden.bytes, version as 1 | 2)
      const { apiKey, apiVersion, correlationId, clientId } = header
      deepEqual(
        { requestApiKey: apiKey, requestApiVersion: apiVersion, correlationId, clientId },
        value,
        nameOf(golden),
      )
      equal(position, golden.bytes.length, nameOf(golden))
    } else {
      const { header, position } = decodeResponseHeader(golden.bytes, version as 0 | 1)
      deepEqual({ correlationId: header.correlationId }, value, nameOf(golden))
      equal(position, golden.bytes.length, nameOf(golden))
    }
  }
})

test('a message cut at any byte is a ProtocolError', () => {
  for (const golden of messages) {
    const api = apiOf(golden.key)!
    if (golden.case !== 'full' || golden.version !== api.versions[1]) continue
    const decode = golden.side === 'request' ? decodeRequest : decodeResponse
    for (let size = 0; size < golden.bytes.length; size += 1) {
      const cut = golden.bytes.subarray(0, size)
      const error = errorOf(() => decode(api, golden.version, cut))
      ok(error instanceof ProtocolError, `${nameOf(golden)} cut at ${size}: ${error}`)
    }
  }
})

test('a mutated message is refused or can be written, by both codecs alike', () => {
  const random = seeded(20_260_513)
  for (const golden of messages) {
    const bytes = mutated(golden.bytes, random)
    const one = outcome(codecOf(golden, interpreted), bytes)
    const other = outcome(codecOf(golden, compiled), bytes)
    deepEqual(one, other, nameOf(golden))
    if (one === undefined) continue
    const codec = codecOf(golden, compiled)
    const written = write(codec, one)
    deepEqual(write(codec, codec.read(new Reader(written))), written, nameOf(golden))
  }
})

test('a version that is not declared is a ProtocolError', () => {
  for (const api of apis) {
    const version = api.versions[1] + 1
    equal(declares(api, version), false)
    const error = errorOf(() => decodeRequest(api, version, Buffer.alloc(100)))
    ok(error instanceof ProtocolError && error.code === 'PROTOCOL_UNDECLARED')
  }
})

function codecOf(golden: GoldenCase, make: typeof compiled | typeof interpreted): Codec {
  return messageCodec(apiOf(golden.key)!, golden.side, golden.version, make)
}

/** Reads all of a case's bytes. */
function read(golden: GoldenCase, make: typeof compiled | typeof interpreted): Structure {
  const reader = new Reader(golden.bytes)
  const value = codecOf(golden, make).read(reader)
  equal(reader.remaining, 0, nameOf(golden))
  return value
}

function write(codec: Codec, value: Structure): Buffer {
  const writer = new Writer()
  codec.write(writer, value)
  return Buffer.concat(writer.finish())
}

/** The value that bytes are read to; undefined when they are refused as they should be. */
function outcome(codec: Codec, bytes: Buffer): Structure | undefined {
  try {
    return codec.read(new Reader(bytes))
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof BytesError) return undefined
    throw error
  }
}

function errorOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return fail('nothing was thrown')
}

/** Puts their size in the place of record batches that the version has, as the corpus does. */
function recordsAsSizes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((element) => recordsAsSizes(element))
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'records' && Buffer.isBuffer(member)
        ? sizeOnly(member.length)
        : recordsAsSizes(member),
    ]),
  )
}

/** Changes a few bytes, mostly to those that mean most: ends of ranges, and small numbers. */
function mutated(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes)
  const telling = [0x00, 0x01, 0x7f, 0x80, 0xff]
  const count = 1 + Math.floor(random() * 3)
  for (let index = 0; index < count; index += 1) {
    const byte = random() < 0.5 ? telling[Math.floor(random() * telling.length)]! : random() * 256
    copy[Math.floor(random() * copy.length)] = byte
  }
  return copy
}

/** A small generator of numbers from 0 to 1, the same ones for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
