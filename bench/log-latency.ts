// How long a durable append takes by the number of partitions, in the log alone:
// `node bench/log-latency.ts [--rate 20000] [partitions…]`. Appends of 200 bytes come at a rate, whether or not
// those before are answered, and a late one counts from when it was due. Each count of partitions is
// measured with the commit log and without it, one after the other.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LocalLog, type OpenPartition } from '#log'
import { buildBatch } from '#records'
import { type Logger, realClock, realDisk, realRandom } from '#world'

const seconds = 5
const warmSeconds = 3
const commitLogSize = 64 * 1024 * 1024

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
      maxMessageBytes: 1_048_588,
      compacted: false,
      deletes: true,
      retentionMs: -1,
      retentionBytes: -1,
      minCleanableDirtyRatio: 0.5,
      minCompactionLagMs: 0,
      maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
      deleteRetentionMs: 86_400_000,
      openCompressed: true,
      timestampType: 'CreateTime',
      timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
      timestampAfterMaxMs: 3_600_000,
      fileDeleteDelayMs: 60_000,
    },
  }))

const measure = async (count: number, logSize: number): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-bench-'))
  const log = new LocalLog(realDisk, realClock, realRandom, quiet, {
    folder,
    openFilesMax: 4000,
    producersMax: 1000,
    freeBytesMin: 0,
    commitLogSize: logSize,
    retentionCheckMs: 300_000,
    producerExpirationMs: 86_400_000,
    producerExpirationCheckMs: 600_000,
  })
  const record = { timestampMs: Date.now(), key: null, value: Buffer.alloc(200, 'x') }
  const sample = buildBatch([record])
  const append = async (partition: number): Promise<void> => {
    const records = Buffer.from(sample)
    const [outcome] = await log.append(
      [{ topicId: 'AAAAAAAAAAAAAAAAAAAABA', partition, records }],
      { acks: -1, zstdAllowed: true, timeoutMs: 30_000 },
    )
    if (outcome?.error) throw outcome.error
  }
  try {
    await log.open(partitionsOf(count))
    await Promise.all(Array.from({ length: count }, (_, partition) => append(partition)))
    const latencies: number[] = []
    const pending: Promise<void>[] = []
    const startMs = performance.now()
    let sent = 0
    let cpu = process.cpuUsage()
    while (sent < ratePerSecond * (seconds + warmSeconds)) {
      const dueCount = ((performance.now() - startMs) / 1000) * ratePerSecond
      for (; sent < dueCount; sent += 1) {
        const dueMs = startMs + (sent / ratePerSecond) * 1000
        const counts = sent >= warmSeconds * ratePerSecond
        if (sent === warmSeconds * ratePerSecond) cpu = process.cpuUsage()
        pending.push(
          append(sent % count).then(() => {
            if (counts) latencies.push(performance.now() - dueMs)
          }),
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await Promise.all(pending)
    const { user, system } = process.cpuUsage(cpu)
    latencies.sort((one, other) => one - other)
    const at = (share: number): string =>
      (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1).padStart(8)
    console.log(
      `${String(count).padStart(6)} partitions ${logSize > 0 ? 'with   ' : 'without'} commit log: ` +
        `p50 ${at(0.5)} p99 ${at(0.99)} p99.9 ${at(0.999)} ms, ` +
        `${((user + system) / latencies.length).toFixed(1)} µs CPU each`,
    )
    await log.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const { values, positionals } = parseArgs({
  options: { rate: { type: 'string', default: '20000' } },
  allowPositionals: true,
})
const ratePerSecond = Number(values.rate)
const asked = positionals.map(Number)
for (const count of asked.length > 0 ? asked : [1, 4, 16, 64, 256, 1000])
  for (const logSize of [commitLogSize, 0]) await measure(count, logSize)
