import { readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalLog, type LogConfig, type OpenPartition } from '#log'
import { batchSizeOf, buildBatch, recordCountOf } from '#records'
import { type Logger, realClock, realDisk, realRandom, realThreads } from '#world'

export const topic = 'load'
export const segmentBytes = 134_217_728
const recordsPerBatch = 500
const valueSize = 100

const silent = () => undefined
const quiet: Logger = { info: silent, warn: silent, error: silent }

export const logConfig = (changes: Partial<LogConfig> = {}): LogConfig => ({
  flush: 'disk',
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
  compression: undefined,
  segmentBytes,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4096,
  maxMessageBytes: 2_000_000,
  compacted: true,
  deletes: false,
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
): OpenPartition => ({
  topicId: 'AAAAAAAAAAAAAAAAAAAABA',
  topic,
  partition,
  leaderEpoch: 0,
  config: logConfig(changes),
})

export const openLog = (folder: string): LocalLog =>
  new LocalLog(
    realDisk,
    realClock,
    realRandom,
    quiet,
    {
      folder,
      openFilesMax: 500,
      producersMax: 1000,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: 1e9,
      producerExpirationMs: 86_400_000,
      producerExpirationCheckMs: 600_000,
    },
    realThreads,
  )

export const append = async (log: LocalLog, id: OpenPartition, records: Buffer): Promise<void> => {
  const options = { acks: -1 as const, zstdAllowed: true, timeoutMs: 30_000 }
  const [outcome] = await log.append([{ ...id, records }], options)
  if (outcome?.error) throw outcome.error
}

/** Writes the log that is to be compacted, always the same one, and resolves to its data folder. */
export const makeLog = async (
  folder: string,
  { recordCount, keyCount }: { recordCount: number; keyCount: number },
): Promise<string> => {
  const log = openLog(folder)
  const id = partitionOf(0, { flush: 'os' })
  await log.open([id])
  const value = Buffer.alloc(valueSize, 'v')
  const now = Date.now()
  let state = 88_172_645
  const draw = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % keyCount
  }
  for (let count = 0; count < recordCount; count += recordsPerBatch) {
    const records = Array.from({ length: recordsPerBatch }, () => ({
      timestampMs: now,
      key: Buffer.from(`key-${String(draw()).padStart(8, '0')}`),
      value,
    }))
    await append(log, id, buildBatch(records, { leaderEpoch: 0 }))
  }
  await log.close()
  return folder
}

export const logNames = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.endsWith('.log'))

/** The records in a partition's segments, by the headers of their batches. */
export const countRecords = async (folder: string): Promise<number> => {
  let records = 0
  for (const name of logNames(folder)) {
    const file = await open(join(folder, name))
    const { size } = await file.stat()
    const header = Buffer.alloc(61)
    for (let position = 0; position < size; position += batchSizeOf(header)) {
      await file.read(header, 0, header.length, position)
      records += recordCountOf(header)
    }
    await file.close()
  }
  return records
}
