// What every engine must do. Each engine's own test runs these with engines of its own.
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '#bytes'
import type { ErrorName } from '#model'
import { type BatchOptions, buildBatch, Codec, recordCountOf } from '#records'
import type {
  AppendOptions,
  AppendOutcome,
  LogConfig,
  LogEngine,
  Movement,
  OpenPartition,
  Read,
} from './engine.ts'

/** An engine to be tested, which `close` does away with. */
export interface TestedEngine {
  engine: LogEngine
  close(): Promise<void>
}

export const configOf = (changes: Partial<LogConfig> = {}): LogConfig => ({
  flush: 'disk',
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
  compression: undefined,
  segmentBytes: 1 << 30,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4096,
  maxMessageBytes: 1_048_588,
  compacted: false,
  deletes: true,
  retentionMs: -1,
  retentionBytes: -1,
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: 86_400_000,
  openCompressed: false,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: 3_600_000,
  fileDeleteDelayMs: 0,
  ...changes,
})

export const partitionOf = (
  partition: number,
  changes: Partial<LogConfig> = {},
  leaderEpoch = 0,
): OpenPartition => ({
  topicId: 'AAAAAAAAAAAAAAAAAAAABA',
  topic: 'tested',
  partition,
  leaderEpoch,
  config: configOf(changes),
})

/** A batch of `count` records of 2023, a millisecond apart. */
export const batchOf = (count: number, options: BatchOptions = {}, timestampMs = 1.7e12): Buffer =>
  buildBatch(
    Array.from({ length: count }, (_, index) => ({
      timestampMs: timestampMs + index,
      key: Buffer.from(`key-${index}`),
      value: Buffer.from(`value-${index}`),
    })),
    options,
  )

const all: AppendOptions = { acks: -1, zstdAllowed: true, timeoutMs: 30_000 }

export const append = async (
  engine: LogEngine,
  id: OpenPartition,
  records: Uint8Array | null,
  options: Partial<AppendOptions> = {},
): Promise<AppendOutcome> => {
  const { topicId, partition } = id
  const [outcome] = await engine.append([{ topicId, partition, records }], { ...all, ...options })
  return outcome!
}

export const offsetOf = (outcome: AppendOutcome): number => {
  equal(outcome.error?.message, undefined)
  return outcome.error === undefined ? outcome.baseOffset : -1
}

export const refusedWith = (outcome: AppendOutcome, name: ErrorName): void => {
  equal(outcome.error?.errorName, name)
}

export const read = async (
  engine: LogEngine,
  id: OpenPartition,
  offset: number,
  changes: Partial<Read> = {},
) => {
  const { topicId, partition } = id
  const reads = [
    {
      topicId,
      partition,
      offset,
      bytesMax: 1e7,
      committedOnly: false,
      currentLeaderEpoch: -1,
      ...changes,
    },
  ]
  const [outcome] = await engine.read(reads, changes.bytesMax ?? 1e7)
  return outcome!
}

/** Base offset and record count of each batch that was read. */
export const batchesOf = (records: readonly Uint8Array[]): [base: number, count: number][] => {
  const bytes = Buffer.concat(records)
  const found: [number, number][] = []
  for (let start = 0; start < bytes.length; start += 12 + bytes.readInt32BE(start + 8))
    found.push([Number(bytes.readBigInt64BE(start)), recordCountOf(bytes, start)])
  return found
}

type Story = (engine: LogEngine, id: OpenPartition) => Promise<void>

/** Registers the suite; `start` makes an engine that serves nothing yet. */
export const engineSuite = (name: string, start: () => Promise<TestedEngine>): void => {
  const told = (title: string, story: Story, changes: Partial<LogConfig> = {}): void => {
    test(`${name}: ${title}`, async () => {
      const { engine, close } = await start()
      try {
        const id = partitionOf(0, changes)
        await engine.open([id])
        await story(engine, id)
      } finally {
        await close()
      }
    })
  }
  appendStories(told)
  refusalStories(told)
  producerStories(told)
  readStories(told)
  timeStories(told)
  lifeStories(told)
}

type Told = (title: string, story: Story, changes?: Partial<LogConfig>) => void

const appendStories = (told: Told): void => {
  told(
    'offsets are given out in the order of the calls, whatever they wait for',
    async (engine, id) => {
      const outcomes = await Promise.all([
        append(engine, id, batchOf(2)),
        append(engine, id, batchOf(3), { acks: 1 }),
        append(engine, id, batchOf(1), { acks: 0 }),
        append(engine, id, batchOf(4)),
      ])
      deepEqual(outcomes.map(offsetOf), [0, 2, 5, 6])
      deepEqual(batchesOf((await read(engine, id, 0)).records), [
        [0, 2],
        [2, 3],
        [5, 1],
        [6, 4],
      ])
    },
  )

  told('one call appends to many partitions, and each answers for itself', async (engine, id) => {
    const other = partitionOf(1)
    await engine.open([other])
    const { topicId } = id
    const outcomes = await engine.append(
      [
        { topicId, partition: 1, records: batchOf(1) },
        { topicId, partition: 9, records: batchOf(1) },
        { topicId, partition: 0, records: null },
        { topicId, partition: 1, records: batchOf(1) },
      ],
      all,
    )
    equal(offsetOf(outcomes[0]!), 0)
    refusedWith(outcomes[1]!, 'UNKNOWN_TOPIC_OR_PARTITION')
    refusedWith(outcomes[2]!, 'INVALID_RECORD')
    equal(offsetOf(outcomes[3]!), 1)
  })

  told('figures say what was appended, once for a batch and its duplicate', async (engine, id) => {
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
    const batches = [batchOf(3), batchOf(4, producer)]
    for (const batch of [...batches, batchOf(4, producer)])
      offsetOf(await append(engine, id, batch))
    const bytes = Buffer.concat(batches).length
    const figures = engine.figures()
    equal(figures.segments > 0, true)
    equal(figures.bytes, bytes)
    equal(figures.appendedBytes, bytes)
    equal(figures.appendedRecords, 7)
    equal(figures.unsyncedBytes, 0)
    deepEqual([figures.partitions, figures.offline, figures.damagedCount], [1, 0, 0])
  })

  told('a batch keeps everything but base offset and leader epoch', async (engine, id) => {
    const sent = batchOf(3, { codec: Codec.gzip })
    const before = Buffer.from(sent)
    await append(engine, id, batchOf(1))
    await append(engine, id, sent)
    const [got] = (await read(engine, id, 1)).records
    const stored = Buffer.from(got!)
    equal(stored.readBigInt64BE(0), 1n)
    equal(stored.readInt32BE(12), 0)
    deepEqual(stored.subarray(16), before.subarray(16))
  })

  told(
    'under LogAppendTime the broker puts its time on the batch, and the checksum is right',
    async (engine, id) => {
      const outcome = await append(engine, id, batchOf(2))
      notEqual(outcome.error === undefined && outcome.logAppendTimeMs, -1)
      const { records } = await read(engine, id, 0)
      const stored = Buffer.from(records[0]!)
      equal(stored.readInt16BE(21) & 8, 8)
      refusedWith(await append(engine, id, Buffer.alloc(70)), 'INVALID_RECORD')
      const found = await engine.firstSince(id, 1.7e12 + 1, false)
      equal(found?.offset, 0)
    },
    { timestampType: 'LogAppendTime' },
  )
}

const refusalStories = (told: Told): void => {
  told('what is no sound batch is refused and changes nothing', async (engine, id) => {
    const flipped = batchOf(2)
    flipped[65]! ^= 1
    refusedWith(await append(engine, id, flipped), 'CORRUPT_MESSAGE')
    refusedWith(await append(engine, id, Buffer.concat([batchOf(1), batchOf(1)])), 'INVALID_RECORD')
    refusedWith(await append(engine, id, batchOf(1).subarray(0, 60)), 'CORRUPT_MESSAGE')
    refusedWith(await append(engine, id, batchOf(2).subarray(0, 80)), 'CORRUPT_MESSAGE')
    refusedWith(await append(engine, id, batchOf(1, { isControl: true })), 'INVALID_RECORD')
    refusedWith(
      await append(engine, id, batchOf(1, { codec: Codec.zstd }), { zstdAllowed: false }),
      'UNSUPPORTED_COMPRESSION_TYPE',
    )
    equal(engine.bounds(id)?.end, 0)
    equal(offsetOf(await append(engine, id, batchOf(1))), 0)
  })

  told(
    'a batch above max.message.bytes is refused',
    async (engine, id) => {
      refusedWith(await append(engine, id, batchOf(50)), 'MESSAGE_TOO_LARGE')
      equal(offsetOf(await append(engine, id, batchOf(1))), 0)
    },
    { maxMessageBytes: 200 },
  )

  for (const codec of [Codec.none, Codec.gzip, Codec.lz4])
    told(
      `a compacted log names the records without a key (codec ${codec}), and keeps the order`,
      async (engine, id) => {
        const keyless = buildBatch(
          [
            { timestampMs: 1.7e12, key: Buffer.from('k'), value: null },
            { timestampMs: 1.7e12, key: null, value: Buffer.from('v') },
          ],
          { codec },
        )
        const outcomes = await Promise.all([
          append(engine, id, batchOf(2, { codec })),
          append(engine, id, keyless),
          append(engine, id, batchOf(1)),
        ])
        equal(offsetOf(outcomes[0]!), 0)
        refusedWith(outcomes[1]!, 'INVALID_RECORD')
        const faults = outcomes[1]!.error ? outcomes[1]!.recordFaults : []
        deepEqual(
          faults.map(({ batchIndex }) => batchIndex),
          [1],
        )
        equal(offsetOf(outcomes[2]!), 2)
      },
      { compacted: true },
    )

  told(
    'compressed records are checked one by one where that is asked for',
    async (engine, id) => {
      const options = { codec: Codec.gzip, producerId: -1 }
      equal(offsetOf(await append(engine, id, batchOf(3, options))), 0)
      const wrong = batchOf(3, options)
      wrong.writeInt32BE(3, 23)
      wrong.writeInt32BE(4, 57)
      wrong.writeUInt32BE(crc32c(wrong.subarray(21)), 17)
      refusedWith(await append(engine, id, wrong), 'INVALID_RECORD')
      equal(engine.bounds(id)?.end, 3)
    },
    { openCompressed: true },
  )

  told(
    'times out of bounds are refused, compressed or not',
    async (engine, id) => {
      refusedWith(await append(engine, id, batchOf(1)), 'INVALID_TIMESTAMP')
      refusedWith(await append(engine, id, batchOf(1, { codec: Codec.gzip })), 'INVALID_TIMESTAMP')
      const future = batchOf(1, {}, 9e12)
      refusedWith(await append(engine, id, future), 'INVALID_TIMESTAMP')
    },
    { timestampBeforeMaxMs: 1000 },
  )
}

const producerStories = (told: Told): void => {
  const by = (baseSequence: number, producerEpoch = 0): BatchOptions => ({
    producerId: 7,
    producerEpoch,
    baseSequence,
  })

  told('the last five batches of a producer are known again', async (engine, id) => {
    for (let sequence = 0; sequence < 6; sequence += 1)
      equal(offsetOf(await append(engine, id, batchOf(1, by(sequence)))), sequence)
    for (let sequence = 1; sequence < 6; sequence += 1)
      equal(offsetOf(await append(engine, id, batchOf(1, by(sequence)))), sequence)
    refusedWith(await append(engine, id, batchOf(1, by(0))), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
    refusedWith(await append(engine, id, batchOf(1, by(7))), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
    equal(engine.bounds(id)?.end, 6)
  })

  told('sequences go on at 0 after 2^31 - 1, within a batch too', async (engine, id) => {
    const last = 0x7fffffff
    equal(offsetOf(await append(engine, id, batchOf(2, by(last - 2)))), 0)
    equal(offsetOf(await append(engine, id, batchOf(3, by(last)))), 2)
    equal(offsetOf(await append(engine, id, batchOf(3, by(last)))), 2, 'a duplicate')
    equal(offsetOf(await append(engine, id, batchOf(1, by(2)))), 5)
  })

  told('a new epoch begins at 0 and fences the older one', async (engine, id) => {
    await append(engine, id, batchOf(1, by(0)))
    refusedWith(await append(engine, id, batchOf(1, by(1, 1))), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
    equal(offsetOf(await append(engine, id, batchOf(1, by(0, 1)))), 1)
    refusedWith(await append(engine, id, batchOf(1, by(1, 0))), 'INVALID_PRODUCER_EPOCH')
  })

  told('a producer nobody knows may begin at any sequence', async (engine, id) => {
    equal(offsetOf(await append(engine, id, batchOf(1, by(1000)))), 0)
    const [state] = engine.producers(id)
    deepEqual([state?.producerId, state?.lastSequence], [7, 1000])
  })

  told('duplicates in flight are one record, whenever each is answered', async (engine, id) => {
    const outcomes = await Promise.all(
      [0, 0, 0].map((sequence) => append(engine, id, batchOf(1, by(sequence)))),
    )
    deepEqual(outcomes.map(offsetOf), [0, 0, 0])
    equal(engine.bounds(id)?.end, 1)
  })
}

const readStories = (told: Told): void => {
  told('a read begins with the batch that holds its offset', async (engine, id) => {
    for (const count of [3, 4, 5]) await append(engine, id, batchOf(count))
    for (const [offset, base] of [
      [0, 0],
      [2, 0],
      [3, 3],
      [6, 3],
      [7, 7],
      [11, 7],
    ] as const)
      equal(batchesOf((await read(engine, id, offset)).records)[0]?.[0], base)
    equal((await read(engine, id, 12)).recordsSize, 0)
    equal((await read(engine, id, 13)).error?.errorName, 'OFFSET_OUT_OF_RANGE')
    equal((await read(engine, id, -1)).error?.errorName, 'OFFSET_OUT_OF_RANGE')
  })

  told('the first batch comes whole and the others within the limit', async (engine, id) => {
    for (let count = 0; count < 4; count += 1) await append(engine, id, batchOf(2))
    const size = batchOf(2).length
    for (const [bytesMax, count] of [
      [1, 1],
      [size, 1],
      [2 * size - 1, 1],
      [2 * size, 2],
      [9 * size, 4],
    ] as const)
      equal(batchesOf((await read(engine, id, 0, { bytesMax })).records).length, count)
  })

  told('only the first partition with records may go beyond the limit', async (engine, id) => {
    const other = partitionOf(1)
    await engine.open([other])
    await append(engine, id, batchOf(1))
    await append(engine, other, batchOf(1))
    const ask = { offset: 0, bytesMax: 1e6, committedOnly: false, currentLeaderEpoch: -1 }
    const outcomes = await engine.read(
      [
        { ...id, ...ask },
        { ...other, ...ask },
      ],
      1,
    )
    deepEqual(
      outcomes.map(({ recordsSize }) => recordsSize > 0),
      [true, false],
    )
  })

  told('a leader epoch that is not the present one is refused', async (engine, id) => {
    equal((await read(engine, id, 0, { currentLeaderEpoch: 0 })).error, undefined)
    equal(
      (await read(engine, id, 0, { currentLeaderEpoch: 3 })).error?.errorName,
      'UNKNOWN_LEADER_EPOCH',
    )
    deepEqual(engine.epochEnd(id, 0), { leaderEpoch: 0, endOffset: 0 })
    deepEqual(engine.epochEnd(id, 4), { leaderEpoch: -1, endOffset: -1 })
    await append(engine, id, batchOf(3))
    deepEqual(engine.epochEnd(id, 0), { leaderEpoch: 0, endOffset: 3 })
    equal(engine.epochOf(id, 1), 0)
  })

  told('what becomes readable is told once a turn, with its bytes', async (engine, id) => {
    const told: Movement[] = []
    const heard = new Promise<void>((resolve) =>
      engine.onMovement((movements) => {
        told.push(...movements)
        if (told.reduce((sum, { readableBytes }) => sum + readableBytes, 0) >= 2 * size) resolve()
      }),
    )
    const size = batchOf(1).length
    await Promise.all([append(engine, id, batchOf(1)), append(engine, id, batchOf(1))])
    await heard
    equal(
      told.reduce((sum, { readableBytes }) => sum + readableBytes, 0),
      2 * size,
    )
    equal(engine.readableBytes(id, 0, false), 2 * size)
    equal(engine.readableBytes(id, 1, false), size)
    equal(engine.readableBytes(id, 2, false), 0)
    equal(engine.size(id), 2 * size)
  })
}

const timeStories = (told: Told): void => {
  for (const codec of [Codec.none, Codec.snappy, Codec.zstd])
    told(`a time is found inside a batch (codec ${codec})`, async (engine, id) => {
      equal(await engine.newest(id, false), undefined)
      await append(engine, id, batchOf(5, { codec }, 1.7e12))
      await append(engine, id, batchOf(5, { codec }, 1.7e12 + 100))
      const at = async (timestampMs: number) =>
        (await engine.firstSince(id, timestampMs, false))?.offset
      equal(await at(0), 0)
      equal(await at(1.7e12 + 3), 3)
      equal(await at(1.7e12 + 50), 5)
      equal(await at(1.7e12 + 104), 9)
      equal(await at(1.7e12 + 105), undefined)
      deepEqual(await engine.newest(id, false), {
        offset: 9,
        timestampMs: 1.7e12 + 104,
        leaderEpoch: 0,
      })
    })
}

const lifeStories = (told: Told): void => {
  told('a dropped partition is unknown at once, and its readers hear of it', async (engine, id) => {
    await append(engine, id, batchOf(1))
    const heard = new Promise<Movement>((resolve) =>
      engine.onMovement((movements) => {
        const movement = movements.find(({ disturbed }) => disturbed)
        if (movement) resolve(movement)
      }),
    )
    await engine.drop([id])
    equal((await heard).partition, 0)
    equal(engine.bounds(id), undefined)
    equal((await read(engine, id, 0)).error?.errorName, 'UNKNOWN_TOPIC_OR_PARTITION')
    refusedWith(await append(engine, id, batchOf(1)), 'UNKNOWN_TOPIC_OR_PARTITION')
  })

  told('a name that is made again begins empty', async (engine, id) => {
    await append(engine, id, batchOf(3))
    await engine.drop([id])
    const again = { ...id, topicId: 'AAAAAAAAAAAAAAAAAAAABB' }
    await engine.open([again])
    equal(engine.bounds(again)?.end, 0)
    equal(offsetOf(await append(engine, again, batchOf(2))), 0)
    deepEqual(batchesOf((await read(engine, again, 0)).records), [[0, 2]])
  })

  told('a config that is changed counts from then on', async (engine, id) => {
    engine.configure(id, configOf({ maxMessageBytes: 100 }))
    refusedWith(await append(engine, id, batchOf(9)), 'MESSAGE_TOO_LARGE')
  })
}
