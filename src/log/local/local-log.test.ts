// The local engine on a real disk in a temporary folder: the common suite, then what only files can show.
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
  engineSuite,
  offsetOf,
  partitionOf,
  read,
  refusedWith,
} from '../engine.suite.ts'
import type { LogConfig, OpenPartition } from '../engine.ts'
import { FileLeases } from './file-leases.ts'
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

const temporary = () => mkdtempSync(join(tmpdir(), 'odradek-log-'))

engineSuite('local', async () => {
  const folder = temporary()
  const engine = engineOn(folder)
  return {
    engine,
    close: async () => {
      await engine.close()
      rmSync(folder, { recursive: true })
    },
  }
})

engineSuite('local, every batch a segment', async () => {
  const folder = temporary()
  const engine = engineOn(folder, realDisk, 3)
  const open = engine.open.bind(engine)
  engine.open = (partitions) =>
    open(partitions.map((each) => ({ ...each, config: { ...each.config, segmentBytes: 1 } })))
  return {
    engine,
    close: async () => {
      await engine.close()
      rmSync(folder, { recursive: true })
    },
  }
})

/** Runs a story on a folder that is gone afterwards. */
const inFolder = async (story: (folder: string) => Promise<void>): Promise<void> => {
  const folder = temporary()
  try {
    await story(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const segmentOf = (folder: string, base = 0, ending = 'log'): string =>
  join(folder, 'tested-0', `${String(base).padStart(20, '0')}.${ending}`)

/** The files as `kill -9` would leave them: copied while the engine has them open. */
const killed = (folder: string): string => {
  const copy = `${folder}-killed`
  rmSync(copy, { recursive: true, force: true })
  cpSync(folder, copy, { recursive: true })
  return copy
}

const ids = (producerId: number, baseSequence: number) => ({
  producerId,
  producerEpoch: 0,
  baseSequence,
})

for (const how of ['a clean stop', 'a kill'])
  test(`after ${how} records, producers and epochs are there`, () =>
    inFolder(async (folder) => {
      const first = engineOn(folder)
      const id = partitionOf(0)
      await first.open([id])
      for (let sequence = 0; sequence < 7; sequence += 1)
        offsetOf(await append(first, id, batchOf(1, ids(5, sequence))))
      const place = how === 'a kill' ? killed(folder) : folder
      await first.close()
      const second = engineOn(place)
      const { producerIdMax } = await second.open([partitionOf(0, {}, 1)])
      equal(producerIdMax, 5)
      equal(second.bounds(id)?.highWatermark, 7)
      equal(batchesOf((await read(second, id, 0)).records).length, 7)
      for (let sequence = 2; sequence < 7; sequence += 1)
        equal(offsetOf(await append(second, id, batchOf(1, ids(5, sequence)))), sequence)
      refusedWith(await append(second, id, batchOf(1, ids(5, 9))), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
      equal(offsetOf(await append(second, id, batchOf(1, ids(5, 7)))), 7)
      deepEqual(second.epochEnd(id, 0), { leaderEpoch: 0, endOffset: 7 })
      equal(second.epochOf(id, 7), 1)
      equal((await second.firstSince(id, 1.7e12, false))?.offset, 0)
      await second.close()
      rmSync(place, { recursive: true, force: true })
    }))

test('a clean stop leaves files that need no scan, and says so', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0, { segmentBytes: 300 })
    await engine.open([id])
    for (let count = 0; count < 9; count += 1) await append(engine, id, batchOf(2))
    await engine.close()
    ok(existsSync(join(folder, '.kafka_cleanshutdown')))
    ok(readdirSync(join(folder, 'tested-0')).filter((name) => name.endsWith('.log')).length > 2)
    // A scan would find the damage; a start after a clean stop does not look.
    const bytes = readFileSync(segmentOf(folder))
    bytes[70]! ^= 1
    writeFileSync(segmentOf(folder), bytes)
    const again = engineOn(folder)
    await again.open([id])
    equal(again.bounds(id)?.end, 18)
    equal(again.bounds(id)?.damaged, false)
    ok(!existsSync(join(folder, '.kafka_cleanshutdown')), 'a crash from now on is no clean stop')
    await again.close()
  }))

test('a torn tail is cut at each byte, and every batch before it stays', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0)
    await engine.open([id])
    await append(engine, id, batchOf(2))
    await append(engine, id, batchOf(3))
    const copy = killed(folder)
    await engine.close()
    const whole = readFileSync(segmentOf(copy))
    const firstSize = batchOf(2).length
    for (let size = firstSize; size < whole.length; size += 1) {
      writeFileSync(segmentOf(copy), whole.subarray(0, size))
      const recovered = engineOn(copy)
      await recovered.open([id])
      equal(recovered.bounds(id)?.end, 2, `cut at ${size}`)
      equal(statSync(segmentOf(copy)).size, firstSize)
      await recovered.close()
      rmSync(join(copy, '.kafka_cleanshutdown'))
    }
    rmSync(copy, { recursive: true })
  }))

test('damage in the middle cuts nothing: what is before it is served, then comes an error', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0)
    await engine.open([id])
    for (let count = 0; count < 3; count += 1) await append(engine, id, batchOf(2))
    const copy = killed(folder)
    await engine.close()
    const bytes = readFileSync(segmentOf(copy))
    bytes[batchOf(2).length + 70]! ^= 1
    writeFileSync(segmentOf(copy), bytes)
    const damaged = engineOn(copy)
    await damaged.open([id])
    equal(damaged.bounds(id)?.damaged, true)
    deepEqual(batchesOf((await read(damaged, id, 0)).records), [[0, 2]])
    equal((await read(damaged, id, 2)).error?.errorName, 'KAFKA_STORAGE_ERROR')
    refusedWith(await append(damaged, id, batchOf(1)), 'KAFKA_STORAGE_ERROR')
    await damaged.close()
    equal(statSync(segmentOf(copy)).size, bytes.length)
    rmSync(copy, { recursive: true })
  }))

test('index files that are missing or wrong are made again', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0, { segmentBytes: 2000, indexIntervalBytes: 200 })
    await engine.open([id])
    for (let count = 0; count < 30; count += 1)
      await append(engine, id, batchOf(3, {}, 1.7e12 + count * 10))
    await engine.close()
    const active = Math.max(
      ...readdirSync(join(folder, 'tested-0')).flatMap((name) =>
        name.endsWith('.log') ? [Number(name.slice(0, 20))] : [],
      ),
    )
    writeFileSync(segmentOf(folder, active, 'index'), Buffer.alloc(13))
    rmSync(segmentOf(folder, active, 'timeindex'))
    const again = engineOn(folder)
    await again.open([id])
    for (const offset of [0, 40, 89])
      equal((await read(again, id, offset)).records.length > 0, true)
    equal((await again.firstSince(id, 1.7e12 + 291, false))?.offset, 88)
    await again.close()
  }))

test('more partitions than open files may be written and read', () =>
  inFolder(async (folder) => {
    let open = 0
    let most = 0
    const counting = wrapped((file) => ({
      close: async () => {
        open -= 1
        await file.close()
      },
    }))
    const disk: Disk = {
      ...counting,
      open: async (path, mode) => {
        const file = await counting.open(path, mode)
        open += 1
        most = Math.max(most, open)
        return file
      },
    }
    const engine = engineOn(folder, disk, 8)
    const partitions = Array.from({ length: 50 }, (_, partition) => partitionOf(partition))
    await engine.open(partitions)
    for (let round = 0; round < 3; round += 1) {
      const outcomes = await Promise.all(partitions.map((id) => append(engine, id, batchOf(1))))
      deepEqual(outcomes.map(offsetOf), Array(50).fill(round))
    }
    for (const id of partitions) equal((await read(engine, id, 2)).recordsSize > 0, true)
    await engine.close()
    equal(open, 0)
    // Beside segments: a checkpoint or folder file each of the few partitions being prepared at once.
    ok(most <= 8 + 50, `${most} files were open at once`)
  }))

test('a folder of another topic of that name is set aside, and one of no topic too', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = partitionOf(0)
    await engine.open([id, partitionOf(1)])
    await append(engine, id, batchOf(3))
    await append(engine, partitionOf(1), batchOf(3))
    await engine.close()
    const again = engineOn(folder)
    const other: OpenPartition = { ...id, topicId: 'AAAAAAAAAAAAAAAAAAAABB' }
    await again.open([other])
    equal(again.bounds(other)?.end, 0)
    equal(offsetOf(await append(again, other, batchOf(1))), 0)
    await again.close()
    equal(readdirSync(folder).filter((name) => name.endsWith('-stray')).length, 2)
  }))

/** The real disk with some operations of its files changed. */
const wrapped = (change: (file: DiskFile, path: string) => Partial<DiskFile>): Disk => ({
  ...realDisk,
  open: async (path, mode) => {
    const file = await realDisk.open(path, mode)
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

const failure = (code: string) => new DiskError('write', 'tested', { code })

test('a sync that failed takes the partition offline, once and for all', () =>
  inFolder(async (folder) => {
    let failing = false
    const disk = wrapped((file, path) => ({
      sync: () => (failing && path.endsWith('.log') ? Promise.reject(failure('EIO')) : file.sync()),
    }))
    const engine = engineOn(folder, disk)
    const [id, other] = [partitionOf(0), partitionOf(1)]
    await engine.open([id, other])
    offsetOf(await append(engine, id, batchOf(1)))
    failing = true
    refusedWith(await append(engine, id, batchOf(1)), 'KAFKA_STORAGE_ERROR')
    failing = false
    refusedWith(await append(engine, id, batchOf(1)), 'KAFKA_STORAGE_ERROR')
    equal((await read(engine, id, 0)).error?.errorName, 'KAFKA_STORAGE_ERROR')
    equal(engine.bounds(id)?.highWatermark, 1)
    offsetOf(await append(engine, other, batchOf(1)))
    await engine.close()
    // The next start scans this partition, whatever the last stop said.
    const again = engineOn(folder)
    await again.open([id, other])
    ok((again.bounds(id)?.end ?? 0) >= 1)
    await again.close()
  }))

test('nothing is readable before it is on disk, and it is soon', () =>
  inFolder(async (folder) => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const disk = wrapped((file, path) => ({
      sync: async () => {
        if (path.endsWith('.log')) await held
        await file.sync()
      },
    }))
    const engine = engineOn(folder, disk)
    const id = partitionOf(0)
    await engine.open([id])
    equal(offsetOf(await append(engine, id, batchOf(2), { acks: 1 })), 0)
    equal(engine.bounds(id)?.highWatermark, 0)
    equal((await read(engine, id, 0)).recordsSize, 0)
    const heard = new Promise<void>((resolve) => engine.onMovement(() => resolve()))
    release()
    await heard
    equal(engine.bounds(id)?.highWatermark, 2)
    await engine.close()
  }))

test('an append that is not durable in its time is answered, and stays in the log', () =>
  inFolder(async (folder) => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const disk = wrapped((file, path) => ({
      sync: async () => {
        if (path.endsWith('.log')) await held
        await file.sync()
      },
    }))
    const engine = engineOn(folder, disk)
    const id = partitionOf(0)
    await engine.open([id])
    refusedWith(await append(engine, id, batchOf(2), { timeoutMs: 1 }), 'REQUEST_TIMED_OUT')
    const next = append(engine, id, batchOf(1))
    release()
    equal(offsetOf(await next), 2)
    equal(engine.bounds(id)?.highWatermark, 3)
    await engine.close()
  }))

test('under flush=os what is written is readable and acknowledged', () =>
  inFolder(async (folder) => {
    let syncs = 0
    const disk = wrapped((file, path) => ({
      sync: () => {
        if (path.endsWith('.log')) syncs += 1
        return file.sync()
      },
    }))
    const engine = engineOn(folder, disk)
    const id = partitionOf(0, { flush: 'os' } satisfies Partial<LogConfig>)
    await engine.open([id])
    offsetOf(await append(engine, id, batchOf(2)))
    equal(engine.bounds(id)?.highWatermark, 2)
    equal(syncs, 0)
    await engine.close()
    equal(syncs > 0, true, 'a clean stop syncs all the same')
  }))

test('a full disk refuses appends, serves reads, and takes appends again when there is room', () =>
  inFolder(async (folder) => {
    let full = false
    const check = (path: string) => {
      if (full && path.endsWith('.log')) throw failure('ENOSPC')
    }
    const disk = wrapped((file, path) => ({
      writeNow: (chunks, position) => {
        check(path)
        file.writeNow(chunks, position)
      },
      write: async (chunks, position) => {
        check(path)
        await file.write(chunks, position)
      },
    }))
    const engine = engineOn(folder, disk)
    const id = partitionOf(0)
    await engine.open([id])
    offsetOf(await append(engine, id, batchOf(1, ids(3, 0))))
    full = true
    refusedWith(await append(engine, id, batchOf(1, ids(3, 1))), 'KAFKA_STORAGE_ERROR')
    deepEqual(batchesOf((await read(engine, id, 0)).records), [[0, 1]])
    full = false
    const back = new Promise<void>((resolve) =>
      engine.onMovement((movements) => {
        if (movements.some(({ disturbed }) => disturbed)) resolve()
      }),
    )
    await back
    equal(offsetOf(await append(engine, id, batchOf(1, ids(3, 1)))), 1)
    await engine.close()
  }))

test('deleted folders are gone after a restart, too', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = { ...partitionOf(0), config: configOf({ fileDeleteDelayMs: 3_600_000 }) }
    await engine.open([id])
    await append(engine, id, batchOf(1))
    await engine.drop([id])
    await engine.close()
    equal(
      readdirSync(folder).some((name) => name.endsWith('-delete')),
      true,
    )
    const again = engineOn(folder)
    await again.open([])
    while (readdirSync(folder).some((name) => name.endsWith('-delete')))
      await new Promise((resolve) => setImmediate(resolve))
    await again.close()
  }))

test('a segment that is shorter than it was is an error and no garbage', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder, realDisk)
    const id = partitionOf(0)
    await engine.open([id])
    for (let count = 0; count < 3; count += 1) await append(engine, id, batchOf(2))
    await engine.close()
    const again = engineOn(folder)
    await again.open([id])
    truncateSync(segmentOf(folder), 100)
    equal((await read(again, id, 0)).error?.errorName, 'KAFKA_STORAGE_ERROR')
    await again.close()
  }))

test('a file that was released while in use is never lent again', () =>
  inFolder(async (folder) => {
    const leases = new FileLeases(realDisk, 10)
    const path = join(folder, 'a.log')
    let finish: () => void = () => undefined
    const busy = new Promise<void>((resolve) => {
      finish = resolve
    })
    const old = leases.use(path, 'create', async (file) => {
      await busy
      await file.write([Buffer.from('old')], 0)
    })
    await leases.use(path, 'write', async () => undefined)
    await leases.release(path)
    rmSync(path)
    await leases.use(path, 'create', (file) => file.write([Buffer.from('new')], 0))
    finish()
    await old
    equal(readFileSync(path, 'utf8'), 'new')
    await leases.closeAll()
  }))

test('a topic made and deleted over and over keeps each life apart', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder, realDisk, 4)
    await engine.open([])
    for (let life = 0; life < 20; life += 1) {
      const topicId = `AAAAAAAAAAAAAAAAAAA${String(life).padStart(2, '0')}A`
      const id: OpenPartition = { ...partitionOf(0), topicId }
      await engine.open([id])
      equal(engine.bounds(id)?.end, 0)
      const sent = append(engine, id, batchOf(life + 1))
      if (life % 3 > 0) equal(offsetOf(await sent), 0)
      if (life % 3 > 0) deepEqual(batchesOf((await read(engine, id, 0)).records), [[0, life + 1]])
      const late = append(engine, id, batchOf(1), { acks: 1 })
      await engine.drop([id])
      refusedWith(await late, 'UNKNOWN_TOPIC_OR_PARTITION')
      await sent
    }
    await engine.close()
  }))
