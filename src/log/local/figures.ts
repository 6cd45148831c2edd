import type { DamagedPartition, LogFigures } from '../engine.ts'
import { damagedNamedMax } from '../limits.ts'
import type { CommitLog } from './commit-log.ts'
import type { DiskRoom } from './disk-room.ts'
import type { LogWriter } from './log-writer.ts'
import type { Partition } from './partition.ts'
import type { SyncRounds } from './sync-rounds.ts'

/** The parts of the engine that know something of themselves. */
export interface FiguresParts {
  partitions: Iterable<Partition>
  writer: LogWriter
  rounds: SyncRounds
  commitLog: CommitLog
  room: DiskRoom
}

/** What the parts know, put together. */
export const figuresOf = (parts: FiguresParts): LogFigures => {
  const { partitions, writer, rounds, commitLog, room } = parts
  const damaged: DamagedPartition[] = []
  const counts = { partitions: 0, offline: 0, damagedCount: 0, segments: 0, bytes: 0 }
  for (const partition of partitions) {
    counts.partitions += 1
    counts.segments += partition.segments.length
    counts.bytes += partition.size
    if (partition.offline || partition.refusing) counts.offline += 1
    const place = placeOf(partition)
    if (!place) continue
    counts.damagedCount += 1
    const { topic, partition: number } = partition.id
    if (damaged.length < damagedNamedMax) damaged.push({ topic, partition: number, ...place })
  }
  return {
    ...counts,
    damaged,
    appendedBytes: writer.writtenBytes,
    appendedRecords: writer.writtenRecords,
    syncs: rounds.durations,
    unsyncedBytes: rounds.unsyncedBytes,
    commitLogFill: commitLog.fill,
    commitLogBytes: commitLog.writtenBytes,
    isDiskShort: room.isShort,
  }
}

/** Where the damage of a partition begins; what a scrub found lies before what the start did. */
const placeOf = ({ damage, spoiledAt, folder }: Partition) =>
  spoiledAt ? { file: spoiledAt.segment?.path ?? folder, position: spoiledAt.position } : damage
