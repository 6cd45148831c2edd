import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { copiedSizeMax, slabSize } from './limits.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

test('every value is written to its big-endian bytes', () => {
  const cases: [hex: string, write: (writer: Writer) => void][] = [
    ['80', (writer) => writer.int8(-128)],
    ['01', (writer) => writer.boolean(true)],
    ['00', (writer) => writer.boolean(false)],
    ['8001', (writer) => writer.int16(-32767)],
    ['ffff', (writer) => writer.uint16(65535)],
    ['fffffffe', (writer) => writer.int32(-2)],
    ['fffffffe', (writer) => writer.uint32(4294967294)],
    ['0000000100000002', (writer) => writer.int64(2 ** 32 + 2)],
    ['fffffffeffffffff', (writer) => writer.int64(-(2 ** 32) - 1)],
    ['001fffffffffffff', (writer) => writer.int64(Number.MAX_SAFE_INTEGER)],
    ['ffe0000000000001', (writer) => writer.int64(Number.MIN_SAFE_INTEGER)],
    ['8000000000000000', (writer) => writer.id64(-(2n ** 63n))],
    ['3ff8000000000000', (writer) => writer.float64(1.5)],
    ['000102030405060708090a0b0c0d0e0f', (writer) => writer.uuid('AAECAwQFBgcICQoLDA0ODw')],
    ['ac02', (writer) => writer.unsignedVarint(300)],
    ['ffffffff0f', (writer) => writer.varint(-(2 ** 31))],
    ['03', (writer) => writer.varlong(-2)],
    ['0003c5be6b', (writer) => writer.string('žk')],
    ['04c5be6b', (writer) => writer.compactString('žk')],
    ['0000', (writer) => writer.string('')],
    ['0102', (writer) => writer.bytes(Uint8Array.of(1, 2))],
  ]
  for (const [hex, write] of cases) equal(written(write).toString('hex'), hex)
})

test('strings of every length and script are written as they are read', () => {
  for (const text of [
    'a'.repeat(24),
    'a'.repeat(25),
    'ž'.repeat(24),
    `${'a'.repeat(200)}😀`,
    '日本',
  ])
    equal(readString(written((writer) => writer.string(text))), text)
})

test('a value that does not fit its type is refused', () => {
  const unfit: ((writer: Writer) => void)[] = [
    (writer) => writer.int8(128),
    (writer) => writer.int16(-32769),
    (writer) => writer.uint16(-1),
    (writer) => writer.int32(2 ** 31),
    (writer) => writer.int32(1.5),
    (writer) => writer.int32(Number.NaN),
    (writer) => writer.uint32(-1),
    (writer) => writer.int64(2 ** 53),
    (writer) => writer.int64(0.5),
    (writer) => writer.id64(2n ** 63n),
    (writer) => writer.uuid('AAECAwQFBgcICQoLDA0OD'),
    (writer) => writer.uuid('AAECAwQFBgcICQoLDA0OD+'),
    (writer) => writer.uuid('AAECAwQFBgcICQoLDA0ODž'),
    (writer) => writer.unsignedVarint(-1),
    (writer) => writer.varint(2 ** 31),
    (writer) => writer.varlong(2 ** 53),
    (writer) => writer.string(undefined as unknown as string),
  ]
  for (const write of unfit) throws(() => written(write), { code: 'BYTES_BAD_VALUE' })
})

test('a string longer than its length can say is refused', () => {
  written((writer) => writer.string('a'.repeat(0x7fff)))
  for (const form of ['string', 'compactString'] as const)
    throws(() => written((writer) => writer[form]('a'.repeat(0x8000))), {
      code: 'BYTES_BAD_LENGTH',
    })
})

test('long bytes are spliced in as they are, short ones are copied', () => {
  const long = Buffer.alloc(copiedSizeMax + 1, 1)
  const short = Buffer.alloc(copiedSizeMax, 2)
  const writer = new Writer()
  writer.int8(7)
  writer.bytes(long)
  writer.bytes(short)
  equal(writer.size, 2 * copiedSizeMax + 2)
  const chunks = writer.finish()
  equal(chunks.length, 3)
  equal(chunks[1], long)
  short.fill(3)
  deepEqual(chunks[2], Buffer.alloc(copiedSizeMax, 2))
})

test('what outgrows one piece of memory goes on in the next', () => {
  const texts = Array.from({ length: 3000 }, (_, index) => `text number ${index}`)
  const bytes = written((writer) => {
    for (const text of texts) writer.string(text)
    writer.string('x'.repeat(slabSize + 1))
  })
  const reader = new Reader(bytes)
  for (const text of texts) equal(reader.text(reader.int16()), text)
  equal(reader.text(reader.int16()), 'x'.repeat(slabSize + 1))
  equal(reader.remaining, 0)
})

test('writers that are at work side by side do not touch each other', () => {
  const one = new Writer()
  const other = new Writer()
  for (let round = 0; round < 100; round += 1) {
    one.int32(1)
    other.int32(2)
  }
  const first = Buffer.concat(one.finish())
  const third = new Writer()
  third.int32(3)
  third.finish()
  for (let position = 0; position < first.length; position += 4)
    equal(first.readInt32BE(position), 1)
  const second = Buffer.concat(other.finish())
  for (let position = 0; position < second.length; position += 4)
    equal(second.readInt32BE(position), 2)
})

test('a size left open is filled in across chunks', () => {
  const writer = new Writer()
  writer.int8(1)
  const mark = writer.openSize()
  writer.bytes(Buffer.alloc(5000))
  writer.int16(5)
  writer.closeSize(mark)
  equal(Buffer.concat(writer.finish()).readInt32BE(1), 5002)
})

function written(write: (writer: Writer) => void): Buffer {
  const writer = new Writer()
  write(writer)
  const { size } = writer
  const bytes = Buffer.concat(writer.finish())
  equal(bytes.length, size)
  return bytes
}

function readString(bytes: Buffer): string {
  const reader = new Reader(bytes)
  return reader.text(reader.int16())
}
