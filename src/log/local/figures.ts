import type { DamagedPartition, LogFigures } from '../engine.ts'
import { damagedNamedMax } from '../limits.ts'
import type { LogWriter } from './log-writer.ts'
import type { Partition } from './partition.ts'

/** What the parts of the engine know of themselves, put together. */
export const figuresOf = (partitions: Iterable<Partition>, writer: LogWriter): LogFigures => {
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
  const { writtenBytes: appendedBytes, writtenRecords: appendedRecords } = writer
  return { ...counts, damaged, appendedBytes, appendedRecords }
}

/** Where the damage of a partition begins; what a scrub found lies before what the start did. */
const placeOf = ({ damage, spoiledAt, folder }: Partition) =>
  spoiledAt ? { file: spoiledAt.segment?.path ?? folder, position: spoiledAt.position } : damage
