import type { Registry } from 'prom-client'
import type { LogFigures } from '#log'
import { counter, gauge, histogram, type Reading } from './instruments.ts'

/** Where the figures of the logs are. */
export interface LogSources {
  log(): LogFigures
  /** Rejects when the disk does not say. */
  freeBytes(): Promise<number>
}

/** What the broker keeps, and whether it is still what was written. */
export const logMetrics = (registry: Registry, { log, freeBytes }: LogSources): void => {
  damageMetrics(registry, log)
  counter(
    registry,
    {
      name: 'odradek_log_appended_bytes_total',
      help: 'Bytes of record batches that were written to logs, markers of transactions included.',
    },
    () => log().appendedBytes,
  )
  counter(
    registry,
    {
      name: 'odradek_log_appended_records_total',
      help: 'Records that were written to logs, markers of transactions included.',
    },
    () => log().appendedRecords,
  )
  gauge(
    registry,
    { name: 'odradek_log_bytes', help: 'Bytes of record batches in all partitions.' },
    () => log().bytes,
  )
  gauge(
    registry,
    { name: 'odradek_log_segments', help: 'Segments of all partitions.' },
    () => log().segments,
  )
  syncMetrics(registry, log)
  gauge(
    registry,
    {
      name: 'odradek_disk_short',
      help: 'Whether appends are refused because less than odradek.min.free.bytes are free.',
    },
    () => (log().isDiskShort ? 1 : 0),
  )
  gauge(
    registry,
    {
      name: 'odradek_disk_free_bytes',
      help: 'Bytes that are free on the disk of the data folder.',
    },
    () => freeBytes().then(only, () => []),
  )
}

const damageMetrics = (registry: Registry, log: () => LogFigures): void => {
  gauge(
    registry,
    { name: 'odradek_partitions', help: 'Partitions that the broker serves.' },
    () => log().partitions,
  )
  gauge(
    registry,
    {
      name: 'odradek_partitions_offline',
      help: 'Partitions that take no records because their disk failed or is full.',
    },
    () => log().offline,
  )
  gauge(
    registry,
    {
      name: 'odradek_partitions_damaged',
      help: 'Partitions that take no records because what is on disk is not what was written.',
    },
    () => log().damagedCount,
  )
  gauge(
    registry,
    {
      name: 'odradek_log_damaged',
      help: 'A damaged partition, with the file and the byte in it from which on nothing is served.',
      labels: ['topic', 'partition', 'file', 'position'],
    },
    () =>
      log().damaged.map(({ topic, partition, file, position }) => ({
        labels: { topic, partition: String(partition), file, position: String(position) },
        value: 1,
      })),
  )
}

const syncMetrics = (registry: Registry, log: () => LogFigures): void => {
  histogram(
    registry,
    {
      name: 'odradek_log_sync_duration_seconds',
      help: 'Time that a round took to make durable what was written to any number of partitions.',
    },
    () => [{ labels: {}, durations: log().syncs }],
  )
  gauge(
    registry,
    {
      name: 'odradek_log_unsynced_bytes',
      help: 'Bytes of records that are written and still on their way to the disk.',
    },
    () => log().unsyncedBytes,
  )
  gauge(
    registry,
    {
      name: 'odradek_commit_log_fill_ratio',
      help: 'Share of the commit log that holds what is not in the segments for good, from 0 to 1.',
    },
    () => log().commitLogFill,
  )
  counter(
    registry,
    {
      name: 'odradek_commit_log_written_bytes_total',
      help: 'Bytes that were written to the commit log.',
    },
    () => log().commitLogBytes,
  )
}

const only = (value: number): Reading[] => [{ labels: {}, value }]
