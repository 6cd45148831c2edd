import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import {
  attributesOf,
  batchHeaderSize,
  Codec,
  checksumMatches,
  codecOf,
  decompress,
  recordCountOf,
} from '#records'
import { realClock } from '#world'
import { append, batchOf, offsetOf, partitionOf, read, refusedWith } from './engine.suite.ts'
import type { CompressionType } from './engine.ts'
import { MemoryLog } from './memory/memory-log.ts'

const types: [CompressionType, Codec][] = [
  ['uncompressed', Codec.none],
  ['gzip', Codec.gzip],
  ['snappy', Codec.snappy],
  ['lz4', Codec.lz4],
  ['zstd', Codec.zstd],
]
const unfolded = (batch: Buffer): Buffer =>
  decompress(codecOf(attributesOf(batch)), batch.subarray(batchHeaderSize), 1e6)

for (const [type, target] of types)
  test(`a topic with compression.type=${type} keeps every batch so`, async () => {
    const engine = new MemoryLog(realClock, { producersMax: 100, retentionCheckMs: 300_000 })
    const id = partitionOf(0, { compression: { type, level: undefined } })
    await engine.open([id])
    for (const [index, [, codec]] of types.entries()) {
      const sent = batchOf(50, { codec, producerId: codec + 7, producerEpoch: 1, baseSequence: 0 })
      const records = unfolded(sent)
      equal(offsetOf(await append(engine, id, sent)), index * 50)
      const batch = Buffer.concat((await read(engine, id, index * 50)).records)
      equal(codecOf(attributesOf(batch)), target)
      equal(checksumMatches(batch, 0, batch.length), true)
      equal(recordCountOf(batch), 50)
      deepEqual(unfolded(batch), records)
    }
    equal(engine.producers(id).length, types.length)
    await engine.close()
  })

test('a batch that is too large once it is compressed as the topic says is refused', async () => {
  const engine = new MemoryLog(realClock, { producersMax: 100, retentionCheckMs: 300_000 })
  const sent = batchOf(500, { codec: Codec.gzip })
  const compression = { type: 'uncompressed', level: undefined } as const
  const id = partitionOf(0, { compression, maxMessageBytes: sent.length + 100 })
  await engine.open([id])
  refusedWith(await append(engine, id, sent), 'MESSAGE_TOO_LARGE')
  equal(engine.bounds(id)?.end, 0)
  await engine.close()
})
