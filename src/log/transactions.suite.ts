// What every engine must do with transactions. Each engine's own test runs these with engines of its own.
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorName } from '#model'
import { attributesOf, type BatchOptions, isControl } from '#records'
import {
  append,
  batchesOf,
  batchOf,
  offsetOf,
  partitionOf,
  read,
  refusedWith,
  type TestedEngine,
} from './engine.suite.ts'
import type {
  AppendOutcome,
  AppendTransaction,
  LogConfig,
  LogEngine,
  OpenPartition,
  TransactionMarker,
} from './engine.ts'

const admitted = (refusal: ErrorName | null = null): AppendTransaction => ({
  version: 2,
  guard: () => refusal,
})

/** Appends `count` records of a producer's transaction. */
export const appendInTransaction = async (
  engine: LogEngine,
  id: OpenPartition,
  count: number,
  options: BatchOptions,
  transaction: AppendTransaction | undefined = admitted(),
): Promise<AppendOutcome> => {
  const { topicId, partition } = id
  const said = { producerId: 7, producerEpoch: 0, baseSequence: 0, ...options }
  const records = batchOf(count, { isTransactional: true, ...said })
  const options_ = { acks: -1, zstdAllowed: true, timeoutMs: 30_000 } as const
  const appends = [{ topicId, partition, records, transaction }]
  const [outcome] = await engine.append(appends, options_)
  return outcome!
}

/** The marker of producer 7, which commits and leaves its epoch as it is. */
export const markerOf = (
  { topicId, partition }: OpenPartition,
  changes: Partial<TransactionMarker> = {},
): TransactionMarker => ({
  topicId,
  partition,
  producerId: 7,
  epoch: 0,
  commit: true,
  version: 1,
  ...changes,
})

const mark = async (
  engine: LogEngine,
  id: OpenPartition,
  changes: Partial<TransactionMarker> = {},
): Promise<ErrorName | null> => (await engine.appendMarkers([markerOf(id, changes)]))[0]!

const committed = (engine: LogEngine, id: OpenPartition, offset: number) =>
  read(engine, id, offset, { committedOnly: true })

const stableOf = (engine: LogEngine, id: OpenPartition): number | undefined =>
  engine.bounds(id)?.lastStable

type Story = (engine: LogEngine, id: OpenPartition) => Promise<void>
type Telling = (title: string, story: Story, changes?: Partial<LogConfig>) => void

/** Registers the suite; `start` makes an engine that serves nothing yet. */
export const transactionSuite = (name: string, start: () => Promise<TestedEngine>): void => {
  const told: Telling = (title, story, changes = {}) => {
    test(`${name}: ${title}`, async () => {
      const { engine, close } = await start()
      try {
        const id = partitionOf(0, changes)
        await engine.open([id, partitionOf(1, changes)])
        await story(engine, id)
      } finally {
        await close()
      }
    })
  }
  tellOfReaders(told)
  tellOfAborts(told)
  tellOfBatches(told)
  tellOfMarkers(told)
}

const tellOfReaders = (told: Telling): void => {
  told('readers of committed records stop at an open transaction', async (engine, id) => {
    await append(engine, id, batchOf(2))
    equal(offsetOf(await appendInTransaction(engine, id, 3, {})), 2)
    await append(engine, id, batchOf(1))
    const bounds = engine.bounds(id)
    equal(bounds?.lastStable, 2)
    equal(bounds?.highWatermark, 6)
    const found = await committed(engine, id, 0)
    deepEqual(batchesOf(found.records), [[0, 2]])
    equal(found.lastStable, 2)
    deepEqual(found.aborted, [])
    equal((await committed(engine, id, 2)).recordsSize, 0)
    equal(engine.readableBytes(id, 0, true) > 0, true)
    equal(engine.readableBytes(id, 2, true), 0)
    equal(engine.readableBytes(id, 2, false) > 0, true)
    deepEqual(batchesOf((await read(engine, id, 2)).records).length, 2)
  })

  told('a marker lets readers of committed records go on, and they get it', async (engine, id) => {
    await appendInTransaction(engine, id, 3, {})
    await append(engine, id, batchOf(1))
    equal(await mark(engine, id), null)
    equal(stableOf(engine, id), 5)
    const { records, aborted } = await committed(engine, id, 0)
    deepEqual(batchesOf(records), [
      [0, 3],
      [3, 1],
      [4, 1],
    ])
    const last = Buffer.concat(records).subarray(-78)
    equal(isControl(attributesOf(last)), true)
    deepEqual(aborted, [])
  })

  told('the first of several open transactions holds the others back', async (engine, id) => {
    await appendInTransaction(engine, id, 1, { producerId: 1 })
    await appendInTransaction(engine, id, 1, { producerId: 2 })
    await mark(engine, id, { producerId: 2 })
    equal(stableOf(engine, id), 0)
    deepEqual(
      engine.openTransactions(id).map(({ producerId, firstOffset }) => [producerId, firstOffset]),
      [[1, 0]],
    )
    await mark(engine, id, { producerId: 1 })
    equal(stableOf(engine, id), 4)
    deepEqual(engine.openTransactions(), [])
  })

  told('times are found only where the reader may see them', async (engine, id) => {
    await append(engine, id, batchOf(1, {}, 1000))
    await appendInTransaction(engine, id, 2, {})
    equal((await engine.firstSince(id, 2000, false))?.offset, 1)
    equal(await engine.firstSince(id, 2000, true), undefined)
    equal((await engine.firstSince(id, 0, true))?.offset, 0)
    equal(await engine.newest(id, true), undefined)
    equal((await engine.newest(id, false))?.offset, 2)
  })

  told('deletion past the beginning of an open transaction frees readers', async (engine, id) => {
    await appendInTransaction(engine, id, 2, {})
    await append(engine, id, batchOf(2))
    equal(stableOf(engine, id), 0)
    await engine.deleteBefore(id, 3)
    equal(stableOf(engine, id), 3)
    equal(await mark(engine, id, { commit: false }), null)
    equal(stableOf(engine, id), 5)
  })
}

const tellOfAborts = (told: Telling): void => {
  told('a reader is told of the aborted transactions in what it reads', async (engine, id) => {
    await appendInTransaction(engine, id, 2, {})
    await appendInTransaction(engine, id, 2, { producerId: 8 })
    await mark(engine, id, { commit: false })
    await mark(engine, id, { producerId: 8 })
    await append(engine, id, batchOf(1))
    deepEqual((await committed(engine, id, 0)).aborted, [{ producerId: 7, firstOffset: 0 }])
    deepEqual((await committed(engine, id, 3)).aborted, [{ producerId: 7, firstOffset: 0 }])
    deepEqual((await committed(engine, id, 5)).aborted, [])
    equal((await read(engine, id, 0)).aborted, null)
  })

  told('an aborted transaction counts from its beginning to its marker', async (engine, id) => {
    for (let round = 0; round < 3; round += 1) {
      await appendInTransaction(engine, id, 1, { baseSequence: round })
      await append(engine, id, batchOf(1))
      await mark(engine, id, { commit: round === 1 })
    }
    const both = [
      { producerId: 7, firstOffset: 0 },
      { producerId: 7, firstOffset: 6 },
    ]
    deepEqual((await committed(engine, id, 0)).aborted, both)
    deepEqual((await committed(engine, id, 3)).aborted, [both[1]])
    const size = batchOf(1).length
    const part = await read(engine, id, 0, { committedOnly: true, bytesMax: 3 * size })
    deepEqual(part.aborted, [both[0]])
  })

  told(
    'an aborted transaction whose marker is behind the stable offset is told',
    async (engine, id) => {
      await appendInTransaction(engine, id, 1, { producerId: 1 })
      await appendInTransaction(engine, id, 1, { producerId: 2 })
      await mark(engine, id, { producerId: 1, commit: false })
      equal(stableOf(engine, id), 1)
      const { aborted, records } = await committed(engine, id, 0)
      deepEqual(batchesOf(records), [[0, 1]])
      deepEqual(aborted, [{ producerId: 1, firstOffset: 0 }])
    },
  )
}

const tellOfBatches = (told: Telling): void => {
  told(
    'a batch of a transaction needs one, and one that its coordinator knows',
    async (engine, id) => {
      const alone = batchOf(1, {
        producerId: 7,
        producerEpoch: 0,
        baseSequence: 0,
        isTransactional: true,
      })
      refusedWith(await append(engine, id, alone), 'INVALID_TXN_STATE')
      const kept = await appendInTransaction(engine, id, 1, {}, admitted('PRODUCER_FENCED'))
      refusedWith(kept, 'PRODUCER_FENCED')
      equal(engine.bounds(id)?.end, 0)
    },
  )

  told('a duplicate is answered whatever has become of its transaction', async (engine, id) => {
    await appendInTransaction(engine, id, 2, {})
    await mark(engine, id)
    const again = await appendInTransaction(engine, id, 2, {}, admitted('INVALID_TXN_STATE'))
    equal(offsetOf(again), 0)
    equal(engine.bounds(id)?.end, 3)
  })

  told('a producer that nobody knows begins with 0 under version 2', async (engine, id) => {
    const first = { baseSequence: 5 }
    const outcome = await appendInTransaction(engine, id, 1, first)
    refusedWith(outcome, 'OUT_OF_ORDER_SEQUENCE_NUMBER')
    const old = await appendInTransaction(engine, id, 1, first, { version: 1, guard: () => null })
    equal(offsetOf(old), 0)
  })

  told('a plain batch has no place in an open transaction of its producer', async (engine, id) => {
    await appendInTransaction(engine, id, 1, {})
    const plain = { producerId: 7, producerEpoch: 0, baseSequence: 1 }
    refusedWith(await append(engine, id, batchOf(1, plain)), 'INVALID_TXN_STATE')
    await mark(engine, id)
    equal(offsetOf(await append(engine, id, batchOf(1, plain))), 2)
  })

  told('under a raised epoch sequences begin anew', async (engine, id) => {
    await appendInTransaction(engine, id, 1, {})
    equal(await mark(engine, id, { epoch: 1, version: 2 }), null)
    refusedWith(await appendInTransaction(engine, id, 1, {}), 'INVALID_PRODUCER_EPOCH')
    const late = { producerEpoch: 1, baseSequence: 1 }
    refusedWith(await appendInTransaction(engine, id, 1, late), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
    equal(offsetOf(await appendInTransaction(engine, id, 1, { producerEpoch: 1 })), 2)
  })
}

const tellOfMarkers = (told: Telling): void => {
  told('markers of many partitions are one call', async (engine, id) => {
    const other = partitionOf(1)
    const gone = partitionOf(9)
    await appendInTransaction(engine, id, 1, {})
    await appendInTransaction(engine, other, 1, { producerEpoch: 3 })
    const markers = [id, other, gone].map((each) => markerOf(each))
    deepEqual(await engine.appendMarkers(markers), [null, 'INVALID_PRODUCER_EPOCH', null])
    equal(stableOf(engine, id), 2)
    equal(stableOf(engine, other), 0)
    await engine.durable([id, other, gone])
    equal(engine.bounds(id)?.durableEnd, 2)
  })

  told('under version 2 a marker has to raise the epoch of what it ends', async (engine, id) => {
    await appendInTransaction(engine, id, 1, {})
    equal(await mark(engine, id, { version: 2 }), 'INVALID_PRODUCER_EPOCH')
    equal(await mark(engine, id, { version: 2, epoch: 1 }), null)
    equal(await mark(engine, id, { version: 2, epoch: 1 }), null)
    equal(engine.bounds(id)?.end, 3)
  })

  told('a coordinator that another one has followed is fenced', async (engine, id) => {
    equal(await mark(engine, id, { coordinatorEpoch: 4 }), null)
    const fenced = await mark(engine, id, { coordinatorEpoch: 3 })
    equal(fenced, 'TRANSACTION_COORDINATOR_FENCED')
    equal(await mark(engine, id), null)
    equal(engine.producers(id)[0]?.coordinatorEpoch, 4)
  })

  told('producers are described with their transactions', async (engine, id) => {
    await append(engine, id, batchOf(1))
    await appendInTransaction(engine, id, 2, {})
    const [open] = engine.producers(id)
    equal(open?.currentTransactionStart, 1)
    equal(open?.coordinatorEpoch, -1)
    await mark(engine, id, { coordinatorEpoch: 2 })
    const [ended] = engine.producers(id)
    equal(ended?.currentTransactionStart, -1)
    equal(ended?.coordinatorEpoch, 2)
    equal(ended?.lastSequence, 1)
  })

  told(
    'markers are on disk even where nothing else has to be',
    async (engine, id) => {
      await appendInTransaction(engine, id, 1, {})
      await engine.durable([id])
      equal(engine.bounds(id)?.durableEnd, 1)
      await mark(engine, id)
      equal(engine.bounds(id)?.durableEnd, 2)
    },
    { flush: 'os' },
  )

  told('nobody ends a transaction in a log that is closed', async (engine, id) => {
    await engine.close()
    if (engine.bounds(id)) await rejects(engine.appendMarkers([markerOf(id)]))
  })
}
