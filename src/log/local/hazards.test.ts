// What goes wrong around the local engine: names that are used again, disks that refuse, stops in the
// middle. Each story is one that has cost some log its records.
import { deepEqual, equal, ok } from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32c } from '#bytes'
import { Codec } from '#records'
import {
  type Disk,
  DiskError,
  type DiskFile,
  type Logger,
  realClock,
  realDisk,
  realRandom,
} from '#world'
import {
  append,
  batchesOf,
  batchOf,
  configOf,
  offsetOf,
  partitionOf,
  read,
  refusedWith,
} from '../engine.suite.ts'
import type { LogConfig, OpenPartition } from '../engine.ts'
import { LocalLog } from './local-log.ts'

const silent = () => undefined
const quiet: Logger = { info: silent, warn: silent, error: silent }

const engineOn = (folder: string, disk: Disk = realDisk, openFilesMax = 100): LocalLog =>
  new LocalLog(disk, realClock, realRandom, quiet, {
    folder,
    openFilesMax,
    producersMax: 1000,
    freeBytesMin: 0,
    commitLogSize: 0,
    retentionCheckMs: 300_000,
    producerExpirationMs: 86_400_000,
    producerExpirationCheckMs: 600_000,
  })

/** Runs a story on a folder that is gone afterwards. */
const inFolder = async (story: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-hazards-'))
  try {
    await story(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const segmentOf = (folder: string, base = 0, ending = 'log', topic = 'tested'): string =>
  join(folder, `${topic}-0`, `${String(base).padStart(20, '0')}.${ending}`)

/** The files as `kill -9` would leave them: copied while the engine has them open. */
const killed = (folder: string): string => {
  const copy = join(folder, 'killed')
  rmSync(copy, { recursive: true, force: true })
  const files = readdirSync(folder)
  for (const name of files) cpSync(join(folder, name), join(copy, name), { recursive: true })
  return copy
}

const ids = (producerId: number, baseSequence: number) => ({
  producerId,
  producerEpoch: 0,
  baseSequence,
})

/** The real disk with some operations of it and of its files changed. */
const wrapped = (
  change: (file: DiskFile, path: string) => Partial<DiskFile>,
  changes: Partial<Disk> = {},
): Disk => ({
  ...realDisk,
  ...changes,
  open: async (path, mode) => {
    const file = await (changes.open ?? realDisk.open)(path, mode)
    const same: DiskFile = {
      writeNow: (chunks, position) => file.writeNow(chunks, position),
      write: (chunks, position) => file.write(chunks, position),
      read: (target, position) => file.read(target, position),
      sync: () => file.sync(),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      close: () => file.close(),
    }
    return { ...same, ...change(file, path) }
  },
})

const failure = (code: string) => new DiskError('do something to', 'a tested file', { code })

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** A gate that operations wait at once it is closed. */
const gate = () => {
  let open: () => void = silent
  let waiting = 0
  let held: Promise<void> | undefined
  return {
    close: () => {
      held = new Promise((resolve) => {
        open = resolve
      })
    },
    open: () => {
      held = undefined
      open()
    },
    pass: async () => {
      if (!held) return
      waiting += 1
      await held
    },
    waiting: () => waiting,
  }
}

const again = (id: OpenPartition): OpenPartition => ({ ...id, topicId: 'AAAAAAAAAAAAAAAAAAAABQ' })

test('a topic made again while a sync of the old one runs gets a file of its own', () =>
  inFolder(async (folder) => {
    const syncs = gate()
    const disk = wrapped((file, path) => ({
      sync: async () => {
        if (path.endsWith('.log')) await syncs.pass()
        await file.sync()
      },
    }))
    const engine = engineOn(folder, disk)
    const id = partitionOf(0)
    await engine.open([id])
    offsetOf(await append(engine, id, batchOf(1)))
    syncs.close()
    const lost = append(engine, id, batchOf(1))
    await until(() => syncs.waiting() > 0)
    await engine.drop([id])
    refusedWith(await lost, 'UNKNOWN_TOPIC_OR_PARTITION')
    syncs.open()
    await engine.open([again(id)])
    equal(offsetOf(await append(engine, again(id), batchOf(3))), 0)
    equal(statSync(segmentOf(folder)).size, batchOf(3).length)
    await engine.close()
  }))

test('a topic that is deleted during its first append leaves nothing to the next of its name', () =>
  inFolder(async (folder) => {
    for (let turns = 0; turns < 12; turns += 1) {
      const engine = engineOn(folder)
      const id = partitionOf(0)
      await engine.open([id])
      const appended = append(engine, id, batchOf(50))
      for (let turn = 0; turn < turns; turn += 1)
        await new Promise((resolve) => setImmediate(resolve))
      await engine.drop([id])
      await appended
      await engine.open([again(id)])
      equal(offsetOf(await append(engine, again(id), batchOf(1))), 0)
      equal(statSync(segmentOf(folder)).size, batchOf(1).length)
      await engine.close()
      const later = engineOn(folder)
      await later.open([again(id)])
      equal(later.bounds(again(id))?.end, 1)
      await later.drop([again(id)])
      await later.close()
    }
  }))

test('a late reader of a deleted topic makes no file in the folder of the next one', () =>
  inFolder(async (folder) => {
    const opens = gate()
    const disk = wrapped(() => ({}), {
      open: async (path, mode) => {
        if (path.endsWith('1.log')) await opens.pass()
        return realDisk.open(path, mode)
      },
    })
    const id = partitionOf(0, { segmentBytes: 1 })
    const first = engineOn(folder)
    await first.open([id])
    for (let count = 0; count < 3; count += 1) await append(first, id, batchOf(1))
    await first.close()
    const engine = engineOn(folder, disk)
    await engine.open([id])
    opens.close()
    const late = read(engine, id, 1)
    await until(() => opens.waiting() > 0)
    await engine.drop([id])
    await engine.open([again(id)])
    const appended = append(engine, again(id), batchOf(1))
    opens.open()
    offsetOf(await appended)
    // It began before the end of its topic, and what it reads is of that topic.
    deepEqual(batchesOf((await late).records)[0], [1, 1])
    deepEqual(
      readdirSync(join(folder, 'tested-0')).filter((name) => name.endsWith('.log')),
      ['00000000000000000000.log'],
    )
    await engine.close()
  }))

test('a topic with the longest name Kafka allows can be deleted, made again, and set aside', () =>
  inFolder(async (folder) => {
    const topic = 'x'.repeat(249)
    const id = { ...partitionOf(0), topic }
    const engine = engineOn(folder)
    await engine.open([id])
    await append(engine, id, batchOf(5))
    await engine.drop([id])
    await engine.open([again(id)])
    equal(offsetOf(await append(engine, again(id), batchOf(1))), 0)
    await engine.close()
    equal(statSync(segmentOf(folder, 0, 'log', topic)).size, batchOf(1).length)
    const later = engineOn(folder)
    await later.open([])
    equal(readdirSync(folder).filter((name) => name.endsWith('-stray')).length, 1)
    await later.close()
  }))

test('the first append to many partitions opens few files at a time', () =>
  inFolder(async (folder) => {
    let open = 0
    let most = 0
    const disk = wrapped(
      (file) => ({
        close: async () => {
          open -= 1
          await file.close()
        },
      }),
      {
        open: (path, mode) => {
          open += 1
          most = Math.max(most, open)
          return realDisk.open(path, mode)
        },
      },
    )
    const engine = engineOn(folder, disk, 8)
    const partitions = Array.from({ length: 60 }, (_, partition) => partitionOf(partition))
    await engine.open(partitions)
    await engine.append(
      partitions.map(({ topicId, partition }) => ({ topicId, partition, records: batchOf(1) })),
      { acks: -1, zstdAllowed: true, timeoutMs: 30_000 },
    )
    await engine.close()
    ok(most <= 8 + 24, `${most} files were open at once`)
  }))

test('under flush=os, too, more partitions than open files may be written', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder, realDisk, 8)
    const partitions = Array.from({ length: 40 }, (_, partition) =>
      partitionOf(partition, { flush: 'os' }),
    )
    await engine.open(partitions)
    for (let round = 0; round < 2; round += 1) {
      const outcomes = await Promise.all(partitions.map((id) => append(engine, id, batchOf(1))))
      deepEqual(outcomes.map(offsetOf), Array(40).fill(round))
    }
    await engine.close()
  }))

test('a round syncs files that are not open while all open ones wait for that round', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder, realDisk, 2)
    const [late, later] = [partitionOf(0, { flush: 'os' }), partitionOf(1, { flush: 'os' })]
    const [busy, busier] = [partitionOf(2), partitionOf(3)]
    const all = [busy, busier, late, later]
    await engine.open(all)
    for (const id of all) offsetOf(await append(engine, id, batchOf(1)))
    for (const id of [late, later]) engine.configure(id, configOf())
    await Promise.all([busy, busier].map((id) => append(engine, id, batchOf(1), { acks: 1 })))
    await until(() => all.every((id) => engine.bounds(id)?.durableEnd === engine.bounds(id)?.end))
    await engine.close()
  }))

for (const code of ['ENOSPC', 'EMFILE'])
  test(`a partition whose folder cannot be made (${code}) is made once that goes`, () =>
    inFolder(async (folder) => {
      let failing = true
      const disk = wrapped(() => ({}), {
        makeFolder: (path) => (failing ? Promise.reject(failure(code)) : realDisk.makeFolder(path)),
      })
      const engine = engineOn(folder, disk)
      const id = partitionOf(0)
      await engine.open([id])
      refusedWith(await append(engine, id, batchOf(1)), 'KAFKA_STORAGE_ERROR')
      failing = false
      const deadline = Date.now() + 5000
      let outcome = await append(engine, id, batchOf(1))
      while (outcome.error && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        outcome = await append(engine, id, batchOf(1))
      }
      equal(offsetOf(outcome), 0)
      await engine.close()
    }))

test('a tail torn just when the next segment began is cut, and nothing is called damage', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0)
    await engine.open([id])
    await append(engine, id, batchOf(2))
    await append(engine, id, batchOf(3))
    const copy = killed(folder)
    await engine.close()
    for (const torn of [batchOf(2).length, batchOf(2).length + 20]) {
      const place = join(folder, `torn-${torn}`)
      cpSync(copy, place, { recursive: true })
      truncateSync(segmentOf(place), torn)
      writeFileSync(segmentOf(place, 5), '')
      const recovered = engineOn(place)
      await recovered.open([id])
      equal(recovered.bounds(id)?.damaged, false)
      equal(recovered.bounds(id)?.end, 2)
      equal(offsetOf(await append(recovered, id, batchOf(1))), 2)
      equal(statSync(segmentOf(place)).size, batchOf(2).length + batchOf(1).length)
      await recovered.close()
      ok(!existsSync(segmentOf(place, 5)))
    }
  }))

test('a time is found in a closed segment whose index files are gone', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0, { segmentBytes: 300 })
    await engine.open([id])
    for (let count = 0; count < 9; count += 1)
      await append(engine, id, batchOf(2, {}, 1.7e12 + count * 10))
    await engine.close()
    rmSync(segmentOf(folder, 0, 'index'))
    rmSync(segmentOf(folder, 0, 'timeindex'))
    const later = engineOn(folder)
    await later.open([id])
    equal((await later.firstSince(id, 1.7e12, false))?.offset, 0)
    await later.close()
  }))

test('after some clean stops and a kill only what is young is scanned', () =>
  inFolder(async (folder) => {
    const id = partitionOf(0, { segmentBytes: 600 })
    for (let run = 0; run < 4; run += 1) {
      const engine = engineOn(folder)
      await engine.open([id])
      if (run === 0)
        for (let count = 0; count < 20; count += 1)
          await append(engine, id, batchOf(3, ids(4, count * 3)))
      // Some stops within one segment.
      await append(engine, id, batchOf(1, ids(4, 60 + run)))
      await engine.close()
    }
    const engine = engineOn(folder)
    await engine.open([id])
    await append(engine, id, batchOf(1, ids(4, 64)))
    const copy = killed(folder)
    await engine.close()
    const opened: string[] = []
    const disk = wrapped((file, path) => ({
      read: (target, position) => {
        if (path.endsWith('.log')) opened.push(path)
        return file.read(target, position)
      },
    }))
    const recovered = engineOn(copy, disk)
    await recovered.open([id])
    equal(recovered.bounds(id)?.end, 65)
    equal(new Set(opened).size, 1)
    for (let sequence = 60; sequence < 65; sequence += 1)
      equal(offsetOf(await append(recovered, id, batchOf(1, ids(4, sequence)))), sequence)
    equal(offsetOf(await append(recovered, id, batchOf(1, ids(4, 65)))), 65)
    await recovered.close()
  }))

test('who waits for the disk is answered when the topic turns to flush=os meanwhile', () =>
  inFolder(async (folder) => {
    const syncs = gate()
    const disk = wrapped((file, path) => ({
      sync: async () => {
        if (path.endsWith('.log')) await syncs.pass()
        await file.sync()
      },
    }))
    const engine = engineOn(folder, disk)
    const id = partitionOf(0)
    await engine.open([id])
    syncs.close()
    const waiting = append(engine, id, batchOf(1))
    await until(() => syncs.waiting() > 0)
    engine.configure(id, configOf({ flush: 'os' }))
    syncs.open()
    equal(offsetOf(await waiting), 0)
    await engine.close()
  }))

test('the high watermark never goes back when a topic turns to flush=disk', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0, { flush: 'os' } satisfies Partial<LogConfig>)
    await engine.open([id])
    offsetOf(await append(engine, id, batchOf(4)))
    equal(engine.bounds(id)?.highWatermark, 4)
    engine.configure(id, configOf())
    equal(engine.bounds(id)?.highWatermark, 4)
    equal(batchesOf((await read(engine, id, 0)).records).length, 1)
    await until(() => engine.bounds(id)?.durableEnd === 4)
    equal(offsetOf(await append(engine, id, batchOf(1))), 4)
    equal(engine.bounds(id)?.highWatermark, 5)
    await engine.close()
  }))

test('all bytes of many small batches count as readable', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0)
    await engine.open([id])
    const count = 3000
    const ownMemory = () => Buffer.from(new Uint8Array(batchOf(1)).buffer)
    await Promise.all(Array.from({ length: count }, () => append(engine, id, ownMemory())))
    equal(engine.readableBytes(id, 0, false), count * batchOf(1).length)
    equal(engine.readableBytes(id, count - 1, false), batchOf(1).length)
    equal((await read(engine, id, 0)).recordsSize > 0, true)
    await engine.close()
  }))

/** A batch whose header says another largest time than its records have. */
const claiming = (batch: Buffer, maxTimestampMs: bigint): Buffer => {
  batch.writeBigInt64BE(maxTimestampMs, 35)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

test('a batch whose header lies about its largest time does no harm', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0, { segmentMs: 1000 })
    await engine.open([id])
    await append(engine, id, batchOf(1))
    for (const lie of [2n ** 63n - 1n, 0n, -1n, 1n])
      await append(engine, id, claiming(batchOf(2), lie))
    await append(engine, id, batchOf(1, {}, 1.7e12 + 10))
    equal((await engine.firstSince(id, 1.7e12 + 1, false))?.offset, 2)
    await engine.close()
    deepEqual(
      readdirSync(join(folder, 'tested-0')).filter((name) => name.endsWith('.log')),
      ['00000000000000000000.log'],
    )
    ok(existsSync(join(folder, '.kafka_cleanshutdown')))
  }))

test('a compressed batch whose header lies hides no later record from a look-up by time', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0)
    await engine.open([id])
    await append(engine, id, claiming(batchOf(2, { codec: Codec.gzip }), BigInt(1.7e12 + 1000)))
    await append(engine, id, batchOf(1, {}, 1.7e12 + 500))
    equal((await engine.firstSince(id, 1.7e12 + 500, false))?.offset, 2)
    await engine.close()
  }))

test('a file that goes on behind a clean stop is not trusted', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0)
    await engine.open([id])
    await append(engine, id, batchOf(2))
    await engine.close()
    const more = batchOf(1)
    more.writeBigInt64BE(2n, 0)
    writeFileSync(segmentOf(folder), Buffer.concat([readFileSync(segmentOf(folder)), more]))
    const later = engineOn(folder)
    await later.open([id])
    equal(offsetOf(await append(later, id, batchOf(1))), 3)
    await later.close()
  }))

test('an unclean start makes the names in a partition folder durable', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0)
    await engine.open([id])
    await append(engine, id, batchOf(2))
    const copy = killed(folder)
    await engine.close()
    const synced: string[] = []
    const disk = wrapped(() => ({}), {
      syncFolder: (path) => {
        synced.push(path)
        return realDisk.syncFolder(path)
      },
    })
    const later = engineOn(copy, disk)
    await later.open([id])
    ok(synced.includes(join(copy, 'tested-0')))
    ok(synced.includes(copy))
    await later.close()
  }))

test('running out of descriptors refuses an append and takes nothing offline', () =>
  inFolder(async (folder) => {
    let failing = false
    const disk = wrapped(() => ({}), {
      open: (path, mode) =>
        failing && path.endsWith('.log')
          ? Promise.reject(failure('EMFILE'))
          : realDisk.open(path, mode),
    })
    const engine = engineOn(folder, disk)
    const id = partitionOf(0)
    await engine.open([id])
    failing = true
    refusedWith(await append(engine, id, batchOf(1)), 'KAFKA_STORAGE_ERROR')
    failing = false
    equal(engine.bounds(id)?.offline, undefined)
    let outcome = await append(engine, id, batchOf(1))
    while (outcome.error) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      equal(engine.bounds(id)?.offline, undefined)
      outcome = await append(engine, id, batchOf(1))
    }
    equal(offsetOf(outcome), 0)
    await engine.close()
  }))
