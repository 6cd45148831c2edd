// Compaction of real files: what readers, crashes and other changes of a log see of it.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type BatchOptions, buildBatch, Codec } from '#records'
import {
  type Disk,
  DiskError,
  type Logger,
  realClock,
  realDisk,
  realRandom,
  realThreads,
  type Threads,
} from '#world'
import { append, batchesOf, configOf, offsetOf, partitionOf, read } from '../engine.suite.ts'
import type { LogConfig, OpenPartition } from '../engine.ts'
import { readAll } from '../log-model.suite.ts'
import { LocalLog } from './local-log.ts'

const lines: string[] = []
const line = (sentence: string, fields?: object) => {
  lines.push(`${sentence} ${JSON.stringify(fields)}`)
}
const logger: Logger = { info: line, warn: line, error: line }

interface EngineOptions {
  disk?: Disk
  threads?: Threads
  dedupeBufferSize?: number
  bytesPerSecondMax?: number
}

const engineOn = (
  folder: string,
  {
    disk = realDisk,
    threads,
    dedupeBufferSize = 1e6,
    bytesPerSecondMax = Number.MAX_VALUE,
  }: EngineOptions = {},
): LocalLog =>
  new LocalLog(
    disk,
    realClock,
    realRandom,
    logger,
    {
      folder,
      openFilesMax: 100,
      producersMax: 1000,
      producerExpirationMs: 86_400_000,
      producerExpirationCheckMs: 600_000,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: 1e9,
      cleaner: {
        threads: 1,
        dedupeBufferSize,
        loadFactor: 0.9,
        bytesPerSecondMax,
        backoffMs: 1e9,
      },
    },
    threads,
  )

const compacted = (changes: Partial<LogConfig> = {}): OpenPartition =>
  partitionOf(0, { compacted: true, segmentBytes: 400, fileDeleteDelayMs: 1e6, ...changes })

const inFolder = async (story: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-cleaner-'))
  try {
    await story(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const batch = (texts: string, options: BatchOptions = {}): Buffer =>
  buildBatch(
    texts.split(' ').map((text, index) => {
      const [key, value] = text.split('=')
      return {
        timestampMs: 1.7e12 + index,
        key: Buffer.from(key!),
        value: value ? Buffer.from(value) : null,
      }
    }),
    options,
  )

/** Batches of three records over five keys, eight unless told. */
const fill = async (engine: LocalLog, id: OpenPartition, options: BatchOptions = {}, most = 8) => {
  for (let count = 0; count < most; count += 1) {
    const keys = [0, 1, 2].map((index) => `k${(count * 3 + index) % 5}=${'v'.repeat(40)}${count}`)
    offsetOf(await append(engine, id, batch(keys.join(' '), options)))
  }
}

const contentOf = async (engine: LocalLog, id: OpenPartition): Promise<string> =>
  (await readAll(engine, id)).map(({ offset, key }) => `${offset}:${key}`).join(' ')

const filesOf = (folder: string): string[] => readdirSync(join(folder, 'tested-0')).sort()

for (const [name, threads] of [
  ['on the same thread', undefined],
  ['on a thread of its own', realThreads],
] as const)
  test(`closed segments are cleaned ${name}, and readers find the next batch in the gaps`, () =>
    inFolder(async (folder) => {
      const engine = engineOn(folder, threads ? { threads } : {})
      const id = compacted()
      await engine.open([id])
      await fill(engine, id)
      const before = await contentOf(engine, id)
      const sizeBefore = engine.size(id)
      equal(await engine.compact(), 1)
      const after = await contentOf(engine, id)
      ok(after.length < before.length, after)
      ok(before.endsWith(after.slice(after.indexOf('21:'))))
      ok(engine.size(id) < sizeBefore)
      for (let offset = 0; offset < 24; offset += 1) {
        const [first] = batchesOf((await read(engine, id, offset)).records)
        ok(first![0] + 2 >= offset, `a read from ${offset} begins with ${first}`)
      }
      equal(await engine.compact(), 0, 'there is nothing more to do')
      await engine.close()
      const again = engineOn(folder)
      await again.open([id])
      equal(await contentOf(again, id), after)
      equal(await again.compact(), 0, 'a start knows what was cleaned')
      await again.close()
      deepEqual(
        filesOf(folder).filter((file) => /swap|cleaned|deleted/.test(file)),
        [],
      )
    }))

test('a log is cleaned in several passes where its keys do not fit into the map', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder, { dedupeBufferSize: 4 * 24 })
    const id = compacted({ minCleanableDirtyRatio: 0 })
    await engine.open([id])
    await fill(engine, id)
    let passes = 0
    while ((await engine.compact()) > 0) passes += 1
    ok(passes > 1, `${passes} passes`)
    const content = await contentOf(engine, id)
    const keys = content.split(' ').map((each) => each.split(':')[1])
    // What is in the active segment is no part of it.
    deepEqual([...new Set(keys)].sort(), ['k0', 'k1', 'k2', 'k3', 'k4'])
    ok(keys.length <= 10, content)
    await engine.close()
  }))

/** The real disk with one change after the other, each told of before it is made. */
const watched = (changing: (what: string) => void): Disk => {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(what: string, change: () => Promise<T>): Promise<T> => {
    const done = last.then(() => {
      changing(what)
      return change()
    })
    last = done.catch(() => undefined)
    return done
  }
  return {
    ...realDisk,
    rename: (from, to) => inTurn(`rename ${from}`, () => realDisk.rename(from, to)),
    remove: (path) => inTurn(`remove ${path}`, () => realDisk.remove(path)),
    syncFolder: (path) => inTurn(`sync ${path}`, () => realDisk.syncFolder(path)),
    open: (path, mode) => inTurn(`open ${path}`, () => realDisk.open(path, mode)),
  }
}

test('a crash at any step of a cleaning leaves the old segments or the new ones', () =>
  inFolder(async (folder) => {
    const data = join(folder, 'data')
    const copies: string[] = []
    let watching = false
    const disk = watched((what) => {
      if (!watching) return
      const copy = join(folder, `copy-${copies.length}`)
      copies.push(what)
      cpSync(data, copy, { recursive: true })
    })
    await realDisk.makeFolder(data)
    const engine = engineOn(data, { disk })
    const id = compacted({ fileDeleteDelayMs: 50 })
    await engine.open([id])
    await fill(engine, id, { codec: Codec.gzip }, 5)
    equal(await engine.compact(), 1)
    const between = await contentOf(engine, id)
    await fill(engine, id, {}, 4)
    const before = await contentOf(engine, id)
    watching = true
    lines.length = 0
    equal(await engine.compact(), 1, lines.join('\n'))
    while (filesOf(data).some((file) => file.endsWith('.deleted')))
      await new Promise((resolve) => setTimeout(resolve, 1))
    watching = false
    const after = await contentOf(engine, id)
    await engine.close()
    ok(after !== before && between !== before)
    ok(copies.length > 30, `${copies.length} steps`)
    const lastOf = (content: string): Map<string, string> =>
      new Map(content.split(' ').map((each) => [each.split(':')[1]!, each.split(':')[0]!]))
    const seen = new Set<string>()
    for (const [index, what] of copies.entries()) {
      const copy = join(folder, `copy-${index}`)
      const recovered = engineOn(copy)
      await recovered.open([id])
      const content = await contentOf(recovered, id)
      seen.add(content)
      equal(recovered.bounds(id)?.damaged, false, what)
      equal(recovered.bounds(id)?.end, 27, what)
      deepEqual(lastOf(content), lastOf(before), what)
      const offsets = content.split(' ').map((each) => Number(each.split(':')[0]))
      deepEqual(
        offsets,
        [...offsets].sort((a, b) => a - b),
        what,
      )
      equal(new Set(offsets).size, offsets.length, what)
      // It goes on as if nothing had been.
      offsetOf(await append(recovered, id, batch('k0=x')))
      await recovered.compact()
      deepEqual(
        filesOf(copy).filter((file) => /swap|cleaned/.test(file)),
        [],
        what,
      )
      await recovered.close()
      const once = engineOn(copy)
      await once.open([id])
      equal(once.bounds(id)?.end, 28, what)
      await once.close()
    }
    ok(seen.has(before) && seen.has(after), [...seen].join('\n'))
  }))

test('a reader in the middle of a replaced segment finishes, and loses no record', () =>
  inFolder(async (folder) => {
    let hold: Promise<void> | undefined
    let open: () => void = () => undefined
    let held = 0
    const disk: Disk = {
      ...realDisk,
      open: async (path, mode) => {
        const file = await realDisk.open(path, mode)
        if (!path.endsWith('.log') || mode === 'read') return file
        return {
          writeNow: (chunks, position) => file.writeNow(chunks, position),
          write: (chunks, position) => file.write(chunks, position),
          read: async (target, position) => {
            if (hold) held += 1
            await hold
            return file.read(target, position)
          },
          sync: () => file.sync(),
          truncate: (size) => file.truncate(size),
          size: () => file.size(),
          close: () => file.close(),
        }
      },
    }
    const first = engineOn(folder)
    const id = compacted()
    await first.open([id])
    await fill(first, id)
    await first.close()
    const engine = engineOn(folder, { disk })
    await engine.open([id])
    const before = await contentOf(engine, id)
    hold = new Promise((resolve) => {
      open = resolve
    })
    const late = contentOf(engine, id)
    while (held === 0) await new Promise((resolve) => setImmediate(resolve))
    const cleaning = engine.compact()
    // The swap waits for the reader; others are served meanwhile from the new segment.
    while (!filesOf(folder).some((file) => file.endsWith('.log.swap')))
      await new Promise((resolve) => setTimeout(resolve, 1))
    ok(filesOf(folder).includes('00000000000000000000.log'))
    open()
    hold = undefined
    equal(await cleaning, 1)
    const after = await contentOf(engine, id)
    // It read the first old segment and then the new ones: nothing that is still there is missing.
    const found = new Set((await late).split(' '))
    for (const record of after.split(' ')) ok(found.has(record), record)
    ok(after.length < before.length)
    await engine.close()
  }))

test('a cleaning reads and writes no more in a second than it may', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder, { bytesPerSecondMax: 8000 })
    const id = compacted()
    await engine.open([id])
    await fill(engine, id)
    const readBytes = engine.size(id)
    const startedMs = performance.now()
    equal(await engine.compact(), 1)
    // Everything but the active segment is read twice.
    ok(performance.now() - startedMs >= ((readBytes * 1.5) / 8000) * 1000)
    await engine.close()
  }))

test('a log with bad bytes is marked and said so, and the others are cleaned', () =>
  inFolder(async (folder) => {
    const first = engineOn(folder)
    const bad = compacted()
    const good = { ...compacted(), partition: 1 }
    await first.open([bad, good])
    await fill(first, bad)
    await fill(first, good)
    await first.close()
    const path = join(folder, 'tested-0', '00000000000000000000.log')
    const bytes = readFileSync(path)
    bytes[100]! ^= 1
    writeFileSync(path, bytes)
    const engine = engineOn(folder)
    await engine.open([bad, good])
    lines.length = 0
    equal(await engine.compact(), 1)
    ok(
      lines.some((each) => each.includes('cannot be cleaned') && each.includes('at 0')),
      String(lines),
    )
    equal(await engine.compact(), 0)
    ok(!filesOf(folder).some((file) => file.includes('cleaned')))
    await engine.close()
  }))

test('a file that goes away under a cleaning makes it be tried again', () =>
  inFolder(async (folder) => {
    let failing = true
    const disk: Disk = {
      ...realDisk,
      open: (path, mode) =>
        failing && mode === 'read' && path.endsWith('06.log')
          ? Promise.reject(new DiskError('open', path, { code: 'ENOENT' }))
          : realDisk.open(path, mode),
    }
    const engine = engineOn(folder, { disk })
    const id = compacted()
    await engine.open([id])
    await fill(engine, id)
    const before = await contentOf(engine, id)
    equal(await engine.compact(), 0)
    equal(await contentOf(engine, id), before)
    failing = false
    equal(await engine.compact(), 1)
    await engine.close()
  }))

test('a full disk undoes a cleaning, and it is tried again', () =>
  inFolder(async (folder) => {
    let failing = true
    const disk: Disk = {
      ...realDisk,
      open: (path, mode) =>
        failing && path.endsWith('.index.cleaned.tmp')
          ? Promise.reject(new DiskError('open', path, { code: 'ENOSPC' }))
          : realDisk.open(path, mode),
    }
    const engine = engineOn(folder, { disk })
    const id = compacted()
    await engine.open([id])
    await fill(engine, id)
    const before = await contentOf(engine, id)
    equal(await engine.compact(), 0)
    equal(await contentOf(engine, id), before)
    ok(!filesOf(folder).some((file) => file.endsWith('.log.cleaned')))
    failing = false
    equal(await engine.compact(), 1)
    ok((await contentOf(engine, id)).length < before.length)
    await engine.close()
  }))

for (const threads of [undefined, realThreads])
  test(`a topic that is deleted while it is cleaned leaves nothing to the next of its name${threads ? ' (threads)' : ''}`, () =>
    inFolder(async (folder) => {
      for (let turns = 0; turns < 20; turns += 1) {
        const data = join(folder, String(turns))
        await realDisk.makeFolder(data)
        const engine = engineOn(data, threads ? { threads } : {})
        const id = compacted()
        await engine.open([id])
        await fill(engine, id)
        const cleaning = engine.compact()
        for (let turn = 0; turn < turns * 8; turn += 1)
          await new Promise((resolve) => setImmediate(resolve))
        await engine.drop([id])
        const next = { ...id, topicId: 'AAAAAAAAAAAAAAAAAAAABB' }
        await engine.open([next])
        equal(offsetOf(await append(engine, next, batch('k=1'))), 0)
        await cleaning
        equal(await contentOf(engine, next), '0:k')
        await engine.close()
        deepEqual(
          filesOf(data).filter((file) => file.includes('.log')),
          ['00000000000000000000.log'],
        )
      }
    }))

test('a topic that stops being compacted is left alone, and goes on where it was', () =>
  inFolder(async (folder) => {
    const engine = engineOn(folder)
    const id = compacted()
    await engine.open([id])
    await fill(engine, id)
    const config = (changes: Partial<LogConfig>) => configOf({ ...id.config, ...changes })
    engine.configure(id, config({ compacted: false }))
    equal(await engine.compact(), 0)
    engine.configure(id, config({}))
    const cleaning = engine.compact()
    engine.configure(id, config({ compacted: false }))
    equal(await cleaning, 0)
    equal((await contentOf(engine, id)).split(' ').length, 24)
    // A record without a key stems from that time.
    const keyless = buildBatch([{ timestampMs: 1.7e12, key: null, value: Buffer.from('v') }])
    offsetOf(await append(engine, id, keyless))
    await fill(engine, id)
    engine.configure(id, config({}))
    equal(await engine.compact(), 1)
    ok(!(await contentOf(engine, id)).includes('null'))
    await engine.close()
  }))

test('retries are known after a cleaning, a crash and a start', () =>
  inFolder(async (folder) => {
    const data = join(folder, 'data')
    await realDisk.makeFolder(data)
    const engine = engineOn(data)
    const id = compacted()
    await engine.open([id])
    const by = (baseSequence: number) => ({ producerId: 7, producerEpoch: 0, baseSequence })
    const own = (sequence: number) => batch('a=1 b=1', by(sequence))
    for (let sequence = 0; sequence < 20; sequence += 2)
      offsetOf(await append(engine, id, own(sequence)))
    await fill(engine, id)
    for (let count = 0; count < 3; count += 1) offsetOf(await append(engine, id, batch('a=2 b=2')))
    equal(await engine.compact(), 1)
    const copy = join(folder, 'copy')
    cpSync(data, copy, { recursive: true })
    // Nothing but the batches tells of producers.
    for (const name of readdirSync(join(copy, 'tested-0')))
      if (/\.(snapshot|producers)$/.test(name)) rmSync(join(copy, 'tested-0', name))
    await engine.close()
    for (const place of [data, copy]) {
      const recovered = engineOn(place)
      await recovered.open([id])
      equal(offsetOf(await append(recovered, id, own(18))), 18)
      const [state] = recovered.producers(id)
      equal(state?.lastSequence, 19)
      await recovered.close()
    }
  }))
