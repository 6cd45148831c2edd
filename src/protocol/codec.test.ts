import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { Reader, Writer } from '#bytes'
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  messageCodec,
} from './codec.ts'
import { compiled } from './compile.ts'
import { interpreted, type Structure } from './interpret.ts'
import { Fetch, InitProducerId, ListOffsets, Metadata, Produce } from './messages.ts'
import type { ProtocolErrorCode } from './protocol-error.ts'
import {
  type Api,
  api,
  array,
  boolean,
  bytes,
  float64,
  id64,
  int8,
  int16,
  int32,
  int64,
  records,
  string,
  struct,
  uint16,
  uint32,
  uuid,
  versionsOf,
} from './schema.ts'

/** Everything that the language can say, in a message that Kafka does not have. */
const Sample = api(999, 'Sample', {
  versions: [0, 4],
  flexible: 2,
  request: {
    flag: boolean.or(true),
    tiny: int8,
    port: uint16.since(1),
    small: int16.until(2).ignorable(),
    plain: int32.since(1).until(3),
    wide: uint32,
    offset: int64.or(-1),
    id: id64.since(1),
    ratio: float64,
    name: string.nullable(1).or('unnamed'),
    topicId: uuid,
    blob: bytes.nullable().or(null),
    batches: records.nullable(2),
    inner: struct({ deep: array(string).nullable(), at: int32.or(7) }).nullable(2),
    numbers: array(int32).since(1),
    hint: struct({ leader: int32.or(-1), text: string })
      .since(2)
      .tag(3),
    note: string.since(2).nullable().or(null).tag(1),
    more: array({ key: string }).since(3).tag(4).ignorable(),
  },
  response: {},
})

const usual = {
  tiny: -3,
  wide: 4_000_000_000,
  ratio: 0.25,
  topicId: 'AAECAwQFBgcICQoLDA0ODw',
  batches: Buffer.from('batch'),
  inner: { deep: ['a', 'ž'] },
}

test('what a version lacks or nobody gave is read as its default', () => {
  deepEqual(passed(0, usual), {
    flag: true,
    tiny: -3,
    port: 0,
    small: 0,
    plain: 0,
    wide: 4_000_000_000,
    offset: -1,
    id: 0n,
    ratio: 0.25,
    name: 'unnamed',
    topicId: 'AAECAwQFBgcICQoLDA0ODw',
    blob: null,
    batches: Buffer.from('batch'),
    inner: { deep: ['a', 'ž'], at: 7 },
    numbers: [],
    hint: { leader: -1, text: '' },
    note: null,
    more: [],
  })
})

test('every kind of value passes in every version that has it', () => {
  const all = {
    ...usual,
    flag: false,
    port: 65535,
    plain: -5,
    offset: 2 ** 40,
    id: -(2n ** 63n),
    name: null,
    blob: Buffer.from([1, 2]),
    inner: null,
    numbers: [1, -1],
    hint: { leader: 3, text: 'left' },
    note: '',
    more: [{ key: 'k' }],
  }
  deepEqual(passed(3, all), { ...all, small: 0 })
  deepEqual(passed(3, { ...all, batches: null }), { ...all, batches: null, small: 0 })
})

test('a value that a version has no field for is refused unless ignorable or the default', () => {
  equal(passed(0, { ...usual, port: 0, numbers: [], note: null, more: [{ key: 'k' }] }).port, 0)
  equal(passed(4, { ...usual, small: 5 }).small, 0)
  equal(passed(1, { ...usual, hint: { leader: -1 } }).note, null)
  for (const surplus of [{ port: 1 }, { id: 1n }, { numbers: [1] }, { note: '' }])
    refuses('PROTOCOL_UNENCODABLE', () => encodeRequest(Sample, 0, { ...usual, ...surplus }))
  for (const surplus of [{ hint: { leader: 1 } }, { hint: { text: 'x' } }])
    refuses('PROTOCOL_UNENCODABLE', () =>
      encodeRequest(Sample, 1, { ...usual, ...surplus } as never),
    )
  refuses('PROTOCOL_UNENCODABLE', () => encodeRequest(Sample, 4, { ...usual, plain: 1 }))
})

test('null is refused where the version does not allow it', () => {
  for (const nulled of [{ name: null }, { inner: null }, { batches: null }])
    refuses('PROTOCOL_UNENCODABLE', () => encodeRequest(Sample, 0, { ...usual, ...nulled }))
  const nullTopics = Buffer.from([0xff, 0xff, 0xff, 0xff])
  deepEqual(decodeRequest(Metadata, 1, nullTopics).topics, null)
  refuses('PROTOCOL_MALFORMED', () => decodeRequest(Metadata, 0, nullTopics))
})

test('a value that does not fit its field is refused with the name of the message', () => {
  throws(() => encodeRequest(Sample, 1, { ...usual, port: 65536 }), {
    code: 'PROTOCOL_UNENCODABLE',
    message: 'Sample request version 1: 65536 is no uint16',
  })
})

test('unknown tagged fields are kept and written back among the known ones by number', () => {
  const unknownTags = [
    { tag: 0, bytes: Buffer.from('zero') },
    { tag: 2, bytes: Buffer.alloc(0) },
    { tag: 900, bytes: Buffer.alloc(2000, 9) },
  ]
  const value = { ...usual, note: 'n', hint: { leader: 1, text: '' }, unknownTags }
  deepEqual(passed(2, value).unknownTags, unknownTags)
  const [one] = tagOrder(2, value)
  deepEqual(one, [0, 1, 2, 3, 900])
  equal('unknownTags' in passed(2, usual), false)
})

test('a tagged field of a later version is an unknown one', () => {
  const bytes = Buffer.concat(encodeRequest(Sample, 3, { ...usual, more: [{ key: 'k' }] }))
  const older = Buffer.concat(
    encodeRequest(Sample, 2, {
      ...usual,
      unknownTags: [{ tag: 4, bytes: Buffer.of(2, 2, 107, 0) }],
    }),
  )
  deepEqual(decodeRequest(Sample, 3, bytes).more, [{ key: 'k' }])
  deepEqual(decodeRequest(Sample, 2, older).unknownTags, [
    { tag: 4, bytes: Buffer.of(2, 2, 107, 0) },
  ])
})

test('a tagged field that is not as long as it says is refused', () => {
  const form = { ...usual, unknownTags: [{ tag: 1, bytes: Buffer.of(2, 107, 0) }] }
  const bytes = Buffer.concat(encodeRequest(Sample, 2, form))
  refuses('PROTOCOL_MALFORMED', () => decodeRequest(Sample, 2, bytes))
})

test('record batches in pieces go out as they are and come in as a view', () => {
  const pieces = [Buffer.alloc(3000, 1), Buffer.alloc(5000, 2)]
  const partition = { partitionIndex: 0, highWatermark: 9, abortedTransactions: null }
  for (const version of [4, 12]) {
    const chunks = encodeResponse(Fetch, version, {
      responses: [{ topic: 't', partitions: [{ ...partition, records: pieces }] }],
    })
    ok(pieces.every((piece) => chunks.includes(piece)))
    const frame = Buffer.concat(chunks)
    const read = decodeResponse(Fetch, version, frame).responses[0]!.partitions[0]!.records!
    deepEqual(read, Buffer.concat(pieces))
    equal(read.buffer, frame.buffer)
  }
})

test('a time beyond 2^53 saturates, so that it stays past every record', () => {
  const bytes = Buffer.concat(
    encodeRequest(ListOffsets, 1, {
      replicaId: -1,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: 0 }] }],
    }),
  )
  bytes.writeBigInt64BE(2n ** 63n - 1n, bytes.length - 8)
  const [topic] = decodeRequest(ListOffsets, 1, bytes).topics
  equal(topic!.partitions[0]!.timestamp, Number.MAX_SAFE_INTEGER)
})

test('the id of a producer is exact over all 64 bits', () => {
  const producerId = 2n ** 63n - 1n
  const value = { transactionalId: null, transactionTimeoutMs: 0, producerId, producerEpoch: 0 }
  const bytes = Buffer.concat(encodeRequest(InitProducerId, 4, value))
  equal(decodeRequest(InitProducerId, 4, bytes).producerId, producerId)
})

test('a count is refused when its elements cannot be there, or are too many', () => {
  const prefix = Buffer.from([0xff, 0xff, 0, 1, 0, 0, 0, 0])
  const declaring = (count: number, size: number): Buffer => {
    const bytes = Buffer.alloc(prefix.length + 4 + size)
    prefix.copy(bytes)
    bytes.writeInt32BE(count, prefix.length)
    return bytes
  }
  refuses('PROTOCOL_MALFORMED', () => decodeRequest(Produce, 3, declaring(0x7fffffff, 100)))
  refuses('PROTOCOL_MALFORMED', () => decodeRequest(Produce, 3, declaring(-2, 100)))
  const many = 1_000_001
  throws(() => decodeRequest(Produce, 3, declaring(many, many * 6)), /more than 1000000 elements/)
})

test('bytes behind a message are not looked at, and a message may begin anywhere', () => {
  const body = Buffer.concat(encodeRequest(Metadata, 0, { topics: [{ name: 't' }] }))
  const frame = Buffer.concat([Buffer.alloc(7), body, Buffer.alloc(3)])
  equal(decodeRequest(Metadata, 0, frame, 7).topics![0]!.name, 't')
  refuses('PROTOCOL_MALFORMED', () => decodeRequest(Metadata, 0, frame, 100))
})

test('a name that could not stand in code is no name for a field', () => {
  for (const name of ['a-b', 'x;y', '__proto__', 'Upper', ''])
    throws(() => struct({ [name]: int32 }), /no name for a field/)
})

test('the versions of an API are told in order', () => {
  deepEqual(versionsOf(Sample), [0, 1, 2, 3, 4])
})

/** A request of the sample encoded and decoded, by both codecs and to the same bytes and value. */
function passed(version: number, value: object): Structure {
  const forms = [interpreted, compiled].map((make) => {
    const codec = messageCodec(Sample as Api, 'request', version, make)
    const writer = new Writer()
    codec.write(writer, value as Structure)
    const bytes = Buffer.concat(writer.finish())
    return { bytes, value: codec.read(new Reader(bytes)) }
  })
  deepEqual(forms[0], forms[1])
  return forms[1]!.value
}

/**
 * The numbers of the tagged fields that stand at the end of a request of the sample, by each codec.
 */
function tagOrder(version: number, value: object): number[][] {
  return [interpreted, compiled].map((make) => {
    const codec = messageCodec(Sample as Api, 'request', version, make)
    const [whole, untagged] = [value, { ...value, note: null, hint: {}, unknownTags: [] }].map(
      (form) => {
        const writer = new Writer()
        codec.write(writer, form as Structure)
        return Buffer.concat(writer.finish())
      },
    )
    const reader = new Reader(whole!, untagged!.length - 1)
    return Array.from({ length: reader.unsignedVarint() }, () => {
      const tag = reader.unsignedVarint()
      reader.skip(reader.unsignedVarint())
      return tag
    })
  })
}

function refuses(code: ProtocolErrorCode, run: () => unknown): void {
  throws(run, { name: 'ProtocolError', code })
}
