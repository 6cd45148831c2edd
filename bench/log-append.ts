// What an append costs in the log alone, without sockets or codecs: `node bench/log-append.ts [name…]`.
// Each case prints bytes and appends a second and the CPU of this process for an append, pool included.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Append, type AppendOptions, LocalLog, type LogEngine, type OpenPartition } from '#log'
import { buildBatch } from '#records'
import { type Logger, realClock, realDisk, realRandom } from '#world'

interface Case {
  name: string
  acks: AppendOptions['acks']
  partitionCount: number
  recordCount: number
  appendCount: number
  /** Appends that wait for their answer at one time. */
  inFlightCount: number
}

const cases: readonly Case[] = [
  {
    name: 'large-1',
    acks: 1,
    partitionCount: 4,
    recordCount: 9500,
    appendCount: 2000,
    inFlightCount: 8,
  },
  {
    name: 'large-all',
    acks: -1,
    partitionCount: 4,
    recordCount: 9500,
    appendCount: 2000,
    inFlightCount: 8,
  },
  {
    name: 'small-1',
    acks: 1,
    partitionCount: 4,
    recordCount: 1,
    appendCount: 300_000,
    inFlightCount: 64,
  },
  {
    name: 'small-all',
    acks: -1,
    partitionCount: 4,
    recordCount: 1,
    appendCount: 200_000,
    inFlightCount: 64,
  },
  {
    name: 'first-1',
    acks: 1,
    partitionCount: 1000,
    recordCount: 1,
    appendCount: 1000,
    inFlightCount: 1000,
  },
  {
    name: 'first-all',
    acks: -1,
    partitionCount: 1000,
    recordCount: 1,
    appendCount: 1000,
    inFlightCount: 1000,
  },
]

const silent = () => undefined
const quiet: Logger = { info: silent, warn: silent, error: silent }

const partitionsOf = (count: number): OpenPartition[] =>
  Array.from({ length: count }, (_, partition) => ({
    topicId: 'AAAAAAAAAAAAAAAAAAAABA',
    topic: 'load',
    partition,
    leaderEpoch: 0,
    config: {
      flush: 'disk',
      flushMessages: Number.MAX_SAFE_INTEGER,
      flushMs: Number.MAX_SAFE_INTEGER,
      compression: undefined,
      segmentBytes: 1 << 30,
      segmentMs: 604_800_000,
      segmentJitterMs: 0,
      segmentIndexBytes: 10_485_760,
      indexIntervalBytes: 4096,
      maxMessageBytes: 2_000_000,
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
    },
  }))

/** As a request has them: each batch in memory of its own that the log may keep and patch. */
const copyOf = (bytes: Uint8Array): Buffer => {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

const load = async (log: LogEngine, each: Case, sample: Buffer): Promise<void> => {
  const options = { acks: each.acks, zstdAllowed: true, timeoutMs: 30_000 }
  let next = 0
  const client = async (): Promise<void> => {
    while (next < each.appendCount) {
      const append: Append = {
        topicId: 'AAAAAAAAAAAAAAAAAAAABA',
        partition: next % each.partitionCount,
        records: copyOf(sample),
      }
      next += 1
      const [outcome] = await log.append([append], options)
      if (outcome?.error) throw outcome.error
    }
  }
  await Promise.all(Array.from({ length: each.inFlightCount }, client))
}

const measure = async (each: Case): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-bench-'))
  const record = { timestampMs: Date.now(), key: null, value: Buffer.alloc(100, 'x') }
  const sample = buildBatch(Array.from({ length: each.recordCount }, () => record))
  const log = new LocalLog(realDisk, realClock, realRandom, quiet, {
    folder,
    openFilesMax: 500,
    producersMax: 1000,
    freeBytesMin: 0,
    commitLogSize: 0,
    retentionCheckMs: 300_000,
    producerExpirationMs: 86_400_000,
    producerExpirationCheckMs: 600_000,
  })
  try {
    const partitions = partitionsOf(each.partitionCount)
    await log.open(partitions)
    const before = process.cpuUsage()
    const startedMs = performance.now()
    await load(log, each, sample)
    const seconds = (performance.now() - startedMs) / 1000
    const { user, system } = process.cpuUsage(before)
    const closedMs = performance.now()
    await log.close()
    const closeSeconds = (performance.now() - closedMs) / 1000
    const rate = (each.appendCount * sample.length) / 1e6 / seconds
    console.log(
      `${each.name.padEnd(10)} ${rate.toFixed(0).padStart(6)} MB/s ` +
        `${(each.appendCount / seconds).toFixed(0).padStart(8)} appends/s ` +
        `${((user + system) / each.appendCount).toFixed(1).padStart(8)} µs CPU each ` +
        `${(((user + system) / 1e6 / (each.appendCount * sample.length)) * 1e9).toFixed(2).padStart(7)} s/GB ` +
        `close ${closeSeconds.toFixed(2)} s`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const wanted = new Set(process.argv.slice(2))
for (const each of cases) if (wanted.size === 0 || wanted.has(each.name)) await measure(each)
