import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import {
  attributesOf,
  type BatchOptions,
  baseOffsetOf,
  baseSequenceOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  buildBatch,
  buildMarker,
  Codec,
  checksumMatches,
  codecOf,
  decompress,
  deleteHorizonOf,
  isLogAppendTime,
  lastOffsetOf,
  leaderEpochOf,
  MarkerType,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  RecordsError,
  readRecords,
  recordCountOf,
} from '#records'
import { Compaction, type CompactionOptions } from './compaction.ts'

const timeMs = 1.7e12

/** `a=1` is a record, `a=` a tombstone, `=1` a record without key. */
const recordOf = (text: string, index: number) => {
  const [key, value] = text.split('=')
  return {
    timestampMs: timeMs + index,
    key: key ? Buffer.from(key) : null,
    value: value ? Buffer.from(value) : null,
    headers: [{ key: 'h', value: Buffer.from(text) }],
  }
}

const batch = (baseOffset: number, texts: string, options: BatchOptions = {}): Buffer =>
  buildBatch(texts.split(' ').map(recordOf), { baseOffset, leaderEpoch: 3, ...options })

const options = (changes: Partial<CompactionOptions> = {}): CompactionOptions => ({
  sizeMax: 1e6,
  loadFactor: 0.9,
  keysMax: 1000,
  secret: Buffer.alloc(16, 1),
  firstDirtyOffset: 0,
  nowMs: timeMs,
  deleteRetentionMs: 1000,
  aborted: [],
  producers: [],
  ...changes,
})

interface Cleaned {
  log: Buffer[]
  end: number
}

/** One cleaning of a whole log; `last` keeps the last batch as the engines do. */
const clean = (
  log: readonly Buffer[],
  changes: Partial<CompactionOptions> = {},
  last = false,
): Cleaned => {
  const cleaning = new Compaction(options(changes))
  for (const each of log) if (!cleaning.learn(each, 0, each.length)) break
  const kept = log.map((each, index) =>
    cleaning.keep(each, 0, each.length, last && index === log.length - 1),
  )
  return { log: kept.filter((each) => each !== undefined), end: cleaning.end }
}

const recordsOf = (each: Buffer) => {
  const body = decompress(codecOf(attributesOf(each)), each.subarray(batchHeaderSize), 1e9)
  return readRecords(body, {
    baseOffset: baseOffsetOf(each),
    baseTimestampMs: baseTimestampOf(each),
    count: recordCountOf(each),
  })
}

/** `offset:key=value` of each record, checking that every batch is sound. */
const contentOf = (log: readonly Buffer[]): string =>
  log
    .flatMap((each) => {
      equal(batchSizeOf(each), each.length)
      ok(checksumMatches(each, 0, each.length))
      return recordsOf(each).map(
        ({ offset, key, value }) => `${offset}:${key ?? ''}=${value ?? ''}`,
      )
    })
    .join(' ')

const basesOf = (log: readonly Buffer[]): number[] => log.map((each) => baseOffsetOf(each))
const countsOf = (log: readonly Buffer[]): number[] => log.map((each) => recordCountOf(each))

test('the last record of each key stays, at its offset', () => {
  const { log, end } = clean([batch(0, 'a=1 b=1 a=2'), batch(3, 'c=1 b=2'), batch(5, 'a=3')])
  equal(contentOf(log), '3:c=1 4:b=2 5:a=3')
  equal(end, 6)
  equal(log.length, 2)
})

for (const [name, codec] of Object.entries(Codec))
  test(`a batch that loses records keeps all else (${name})`, () => {
    const before = batch(10, 'a=1 b=1 a=2 c=1', {
      codec,
      producerId: 7,
      producerEpoch: 2,
      baseSequence: 40,
    })
    const [after] = clean([before, batch(14, 'c=2')]).log
    equal(contentOf([after!]), '11:b=1 12:a=2')
    deepEqual(
      recordsOf(after!).map(({ timestampMs, headers }) => [timestampMs, String(headers[0]?.value)]),
      [
        [timeMs + 1, 'b=1'],
        [timeMs + 2, 'a=2'],
      ],
    )
    for (const field of [
      baseOffsetOf,
      lastOffsetOf,
      leaderEpochOf,
      producerIdOf,
      producerEpochOf,
      baseSequenceOf,
      attributesOf,
    ])
      equal(field(after!), field(before))
    equal(recordCountOf(after!), 2)
    equal(maxTimestampOf(after!), timeMs + 2)
  })

test('a batch that loses nothing is not touched', () => {
  const before = batch(0, 'a=1 b=1', { codec: Codec.gzip })
  equal(clean([before]).log[0]!.buffer, before.buffer)
})

test('the time of a LogAppendTime batch stays', () => {
  const before = batch(0, 'a=1 b=1 a=2 b=2', { appendTimeMs: timeMs + 99 })
  const [after] = clean([before]).log
  ok(isLogAppendTime(attributesOf(after!)))
  equal(maxTimestampOf(after!), timeMs + 99)
})

test('a tombstone stays until its horizon, which the first cleaning sets', () => {
  const log = [batch(0, 'a=1 b=1'), batch(2, 'a= c=1')]
  const first = clean(log)
  equal(contentOf(first.log), '1:b=1 2:a= 3:c=1')
  equal(deleteHorizonOf(first.log[1]!), timeMs + 1000)
  deepEqual(
    recordsOf(first.log[1]!).map(({ timestampMs }) => timestampMs),
    [timeMs, timeMs + 1],
  )
  const again = { firstDirtyOffset: 4, nowMs: timeMs + 999 }
  equal(contentOf(clean(first.log, again).log), '1:b=1 2:a= 3:c=1')
  const later = clean(first.log, { ...again, nowMs: timeMs + 1000 })
  equal(contentOf(later.log), '1:b=1 3:c=1')
  equal(deleteHorizonOf(later.log[1]!), timeMs + 1000)
})

test('a tombstone behind what was learnt gets no horizon yet', () => {
  const sizeMax = 3 * 24
  const log = [batch(0, 'a=1'), batch(1, 'b=1'), batch(2, 'c='), batch(3, 'a=')]
  const first = clean(log, { sizeMax })
  equal(first.end, 2)
  equal(deleteHorizonOf(first.log.at(-1)!), undefined)
})

test('tombstones with a retention or a time without end stay for ever', () => {
  const endless = clean([batch(0, 'a=')], { deleteRetentionMs: Number.MAX_SAFE_INTEGER })
  equal(deleteHorizonOf(endless.log[0]!), undefined)
  const odd = buildBatch([{ timestampMs: 2 ** 60, key: Buffer.from('a'), value: null }])
  equal(clean([odd]).log[0]!.equals(odd), true)
})

test('records without a key go, as those of a time when the topic was not compacted', () => {
  equal(contentOf(clean([batch(0, '=1 a=1 =2')]).log), '1:a=1')
})

test('the batch that tells a producer’s last sequence stays, empty', () => {
  const by = { producerId: 7, producerEpoch: 1, baseSequence: 5, codec: Codec.zstd }
  const log = [batch(0, 'a=1', by), batch(1, 'b=1 a=2', by), batch(3, 'a=3 b=2')]
  const producers = [{ producerId: 7, producerEpoch: 1, lastOffset: 2 }]
  const { log: after } = clean(log, { producers })
  equal(after.length, 2)
  equal(contentOf(after), '3:a=3 4:b=2')
  const [empty] = after
  deepEqual([baseOffsetOf(empty!), lastOffsetOf(empty!), recordCountOf(empty!)], [1, 2, 0])
  deepEqual([producerIdOf(empty!), baseSequenceOf(empty!), leaderEpochOf(empty!)], [7, 5, 3])
  equal(codecOf(attributesOf(empty!)), Codec.none)
  equal(maxTimestampOf(empty!), timeMs + 1)
  deepEqual(clean(after, { producers }).log[0], empty, 'it stays as it is')
  equal(clean(after).log.length, 1, 'and goes with its producer')
})

test('the last batch of a file stays, empty, to tell where that ends', () => {
  const { log } = clean([batch(0, 'a=1'), batch(1, '=x')], {}, true)
  deepEqual(countsOf(log), [1, 0])
  equal(lastOffsetOf(log[1]!), 1)
})

test('a map that is full ends the cleaning behind the last batch that fitted', () => {
  const log = [batch(0, 'a=1 b=1'), batch(2, 'a=2 c=1'), batch(4, 'd=1 a=3'), batch(6, 'b=2')]
  equal(clean(log, { sizeMax: 5 * 24, loadFactor: 0.8 }).end, 7)
  const short = clean(log, { sizeMax: 4 * 24, loadFactor: 0.8 })
  equal(short.end, 4)
  equal(contentOf(short.log), '1:b=1 2:a=2 3:c=1 4:d=1 5:a=3 6:b=2')
  const second = clean(short.log, { sizeMax: 4 * 24, firstDirtyOffset: 4 })
  equal(contentOf(second.log), '3:c=1 4:d=1 5:a=3 6:b=2')
  equal(second.end, 7)
})

test('a batch with more keys than fit is learnt in parts', () => {
  let log = [batch(0, 'a=1'), batch(1, 'a=2 b=1 c=1 d=1 e=1 a=3'), batch(7, 'c=2')]
  let firstDirtyOffset = 0
  const ends: number[] = []
  for (let pass = 0; pass < 9 && firstDirtyOffset < 8; pass += 1) {
    const cleaned = clean(log, { sizeMax: 3 * 24, firstDirtyOffset })
    ok(cleaned.end > firstDirtyOffset)
    log = cleaned.log
    firstDirtyOffset = cleaned.end
    ends.push(firstDirtyOffset)
  }
  equal(contentOf(log), '2:b=1 4:d=1 5:e=1 6:a=3 7:c=2')
  ok(ends.length > 2, String(ends))
})

const transaction = (producerId: number): BatchOptions => ({
  producerId,
  producerEpoch: 0,
  baseSequence: 0,
  isTransactional: true,
})

const marker = (baseOffset: number, producerId: number, type: MarkerType): Buffer =>
  buildMarker(
    { type, timestampMs: timeMs, producerId, producerEpoch: 0, coordinatorEpoch: 1 },
    { baseOffset, leaderEpoch: 3 },
  )

test('records of an aborted transaction go at once, and hide no older ones', () => {
  const log = [
    batch(0, 'a=1'),
    batch(1, 'a=2', transaction(5)),
    batch(2, 'b=1', transaction(6)),
    marker(3, 5, MarkerType.abort),
    marker(4, 6, MarkerType.commit),
    batch(5, 'c=1', transaction(5)),
    marker(6, 5, MarkerType.commit),
  ]
  const aborted = [{ producerId: 5, firstOffset: 1, lastOffset: 3, lastStable: 2 }]
  const first = clean(log, { aborted })
  deepEqual(basesOf(first.log), [0, 2, 3, 4, 5, 6])
  equal(deleteHorizonOf(first.log[2]!), undefined, 'a batch of it was still there')
  const second = clean(first.log, { aborted, firstDirtyOffset: 7 })
  equal(deleteHorizonOf(second.log[2]!), timeMs + 1000)
  equal(recordsOf(second.log[2]!)[0]!.timestampMs, timeMs)
  equal(deleteHorizonOf(second.log[3]!), undefined, 'the committed records are still there')
  const third = clean(second.log, { aborted, firstDirtyOffset: 7, nowMs: timeMs + 1000 })
  deepEqual(basesOf(third.log), [0, 2, 4, 5, 6])
})

test('readers are told of an aborted transaction as long as some of it is to be read', () => {
  const log = [batch(0, 'a=1', transaction(5)), marker(1, 5, MarkerType.abort), batch(2, 'b=1')]
  const aborted = [{ producerId: 5, firstOffset: 0, lastOffset: 1, lastStable: 2 }]
  const told = (of: readonly Buffer[]) => {
    const cleaning = new Compaction(options({ aborted }))
    for (const each of of) cleaning.learn(each, 0, each.length)
    for (const each of of) cleaning.keep(each, 0, each.length, false)
    return cleaning.takeAborted()
  }
  deepEqual(told(log), aborted, 'some reader may have the batch and not the marker yet')
  deepEqual(told(log.slice(1)), [])
})

test('a transaction that was aborted before a walk begins takes nothing with it', () => {
  const aborted = [{ producerId: 5, firstOffset: 0, lastOffset: 1, lastStable: 2 }]
  const log = [batch(2, 'a=2', transaction(5)), marker(3, 5, MarkerType.commit), batch(4, 'b=1')]
  deepEqual(basesOf(clean(log, { aborted }).log), [2, 3, 4])
})

test('a commit marker goes once its records are superseded and its horizon is past', () => {
  const log = [batch(0, 'a=1', transaction(5)), marker(1, 5, MarkerType.commit), batch(2, 'a=2')]
  const first = clean(log)
  deepEqual(basesOf(first.log), [1, 2])
  equal(deleteHorizonOf(first.log[0]!), undefined)
  const second = clean(first.log, { firstDirtyOffset: 3 })
  equal(deleteHorizonOf(second.log[0]!), timeMs + 1000)
  const past = { firstDirtyOffset: 3, nowMs: timeMs + 1000 }
  deepEqual(basesOf(clean(second.log, past).log), [2])
  const producers = [{ producerId: 5, producerEpoch: 0, lastOffset: -1 }]
  const kept = clean(second.log, { ...past, producers }).log
  deepEqual(countsOf(kept), [0, 1], 'the marker alone tells of its producer')
  deepEqual(basesOf(clean(kept, past).log), [2])
})

test('bytes that are no records end a cleaning with an error', () => {
  const odd = batch(0, 'a=1 b=2')
  odd[batchHeaderSize] = 0x7f
  throws(() => clean([odd]), RecordsError)
  const squeezed = batch(0, 'a=1 b=2', { codec: Codec.gzip })
  squeezed[batchHeaderSize + 12]! ^= 0xff
  throws(() => clean([squeezed]), RecordsError)
})
