// What a person sees of a stopped broker's partition, and how it is mended (D9). Every batch's checksum is
// checked. What is bad is cut out, with the whole file kept beside it; what is good stays at its offset,
// so that the log has a hole where records are lost, as a compacted one has.
import { basename, join } from 'node:path'
import { baseOffsetOf, lastOffsetOf } from '#records'
import type { Disk, DiskFile } from '#world'
import { scanWindowSize } from '../limits.ts'
import { nextBatchAfter, type ScannedBatch, scanBatches } from './batch-scan.ts'
import { segmentName } from './segment.ts'

/** Bytes of a segment that are no valid batches, and what they cost. */
export interface DamagedStretch {
  file: string
  position: number
  size: number
  /** Offsets from here on may be lost … */
  fromOffset: number
  /** … up to here, where the next valid batch begins; undefined at the end of the segment. */
  toOffset: number | undefined
}

/** What was found in a partition's folder. */
export interface Inspection {
  folder: string
  segments: number
  batches: number
  /** Bytes of valid batches. */
  bytes: number
  /** Where readers begin. */
  logStart: number
  logEnd: number
  stretches: readonly DamagedStretch[]
  /** What was being written when the broker ended: a start cuts it, and nothing acknowledged is lost. */
  tornTail: DamagedStretch | undefined
  /** What was once on disk ended here, and the log ends before: all between is lost. */
  lostEnd: number | undefined
}

const segmentFile = /^(\d{20})\.log$/
/** The name that a damaged file is kept under. */
const keptEnding = '.damaged'

const basesIn = async (disk: Disk, folder: string): Promise<number[]> =>
  (await disk.list(folder))
    .flatMap((name) => segmentFile.exec(name)?.[1] ?? [])
    .map(Number)
    .filter(Number.isSafeInteger)
    .sort((one, other) => one - other)

/** What the checkpoints say of a partition. */
export interface InspectedPartition {
  /** Where what was once on disk ended, or 0. */
  recoveryPoint: number
  /** Where its records begin, if not with its first segment. */
  logStart?: number | undefined
  /** Where a cleaning ended, which may have had reason to take the last records before. */
  cleanedTo?: number | undefined
}

/** Reads every batch of a partition's folder. */
export const inspectPartition = async (
  disk: Disk,
  folder: string,
  { recoveryPoint, logStart: said = 0, cleanedTo = 0 }: InspectedPartition,
): Promise<Inspection> => {
  const bases = await basesIn(disk, folder)
  const stretches: DamagedStretch[] = []
  const logStart = Math.max(said, bases[0] ?? 0)
  let logEnd = bases[0] ?? 0
  let batches = 0
  let bytes = 0
  for (const base of bases) {
    const path = join(folder, `${segmentName(base)}.log`)
    logEnd = Math.max(logEnd, base)
    const count = (batch: ScannedBatch): boolean => {
      batches += 1
      bytes += batch.end - batch.start
      logEnd = lastOffsetOf(batch.bytes, batch.start) + 1
      return true
    }
    const file = await disk.open(path, 'read')
    try {
      stretches.push(...(await inspectSegment(file, path, () => logEnd, count)))
    } finally {
      await file.close()
    }
  }
  logEnd = Math.max(logEnd, logStart, Math.min(cleanedTo, recoveryPoint))
  const lostEnd = logEnd < recoveryPoint ? recoveryPoint : undefined
  const last = stretches.at(-1)
  const isTorn =
    last?.toOffset === undefined &&
    logEnd >= recoveryPoint &&
    last?.file.endsWith(`${segmentName(bases.at(-1) ?? 0)}.log`)
  const tornTail = isTorn ? stretches.pop() : undefined
  const counts = { segments: bases.length, batches, bytes }
  return { folder, ...counts, logStart, logEnd, stretches, tornTail, lostEnd }
}

const inspectSegment = async (
  file: DiskFile,
  path: string,
  nextOffset: () => number,
  count: (batch: ScannedBatch) => boolean,
): Promise<DamagedStretch[]> => {
  const stretches: DamagedStretch[] = []
  const end = await file.size()
  let position = 0
  for (;;) {
    const rules = { checksums: true, nextOffset: nextOffset() }
    const stopped = await scanBatches(file, position, end, rules, count)
    if (!stopped.invalid) return stretches
    const fromOffset = nextOffset()
    const search = { searchEnd: end, end, nextOffset: fromOffset }
    const next = await nextBatchAfter(file, stopped.position, search)
    stretches.push({
      file: path,
      position: stopped.position,
      size: (next ?? end) - stopped.position,
      fromOffset,
      toOffset: next === undefined ? undefined : await baseOffsetAt(file, next, end, fromOffset),
    })
    if (next === undefined) return stretches
    position = next
  }
}

const baseOffsetAt = async (
  file: DiskFile,
  position: number,
  end: number,
  nextOffset: number,
): Promise<number> => {
  let offset = nextOffset
  await scanBatches(file, position, end, { checksums: false, nextOffset }, ({ bytes, start }) => {
    offset = baseOffsetOf(bytes, start)
    return false
  })
  return offset
}

/**
 * Cuts what is damaged out of the segments, each of which is kept as it was with `.damaged` behind its
 * name, and takes away all that was derived from them. Where the end is lost the log goes on at the offset
 * where it once ended, so that no offset means another record than before.
 */
export const repairPartition = async (disk: Disk, inspection: Inspection): Promise<void> => {
  const { folder, stretches, lostEnd } = inspection
  const files = new Set(stretches.map(({ file }) => file))
  for (const path of files)
    await cutOut(
      disk,
      path,
      stretches.filter(({ file }) => file === path),
    )
  if (lostEnd !== undefined) {
    const file = await disk.open(join(folder, `${segmentName(lostEnd)}.log`), 'create')
    await file.sync().finally(() => file.close())
  }
  for (const name of await disk.list(folder))
    if (/\.(index|timeindex|snapshot|producers|txnindex)$/.test(name) && files.size > 0)
      await disk.remove(join(folder, name))
  await disk.syncFolder(folder)
}

const cutOut = async (
  disk: Disk,
  path: string,
  stretches: readonly DamagedStretch[],
): Promise<void> => {
  const kept = `${path}${keptEnding}`
  await disk.rename(path, kept)
  const source = await disk.open(kept, 'read')
  const target = await disk.open(path, 'create')
  try {
    let from = 0
    let to = 0
    for (const end of [...stretches, { position: await source.size(), size: 0 }]) {
      to = await copy(source, target, from, end.position, to)
      from = end.position + end.size
    }
    await target.sync()
  } finally {
    await source.close()
    await target.close()
  }
}

/** Copies the bytes from `from` to `end` to position `to`; returns the position behind them. */
const copy = async (
  source: DiskFile,
  target: DiskFile,
  from: number,
  end: number,
  to: number,
): Promise<number> => {
  for (let position = from; position < end; position += scanWindowSize) {
    const piece = Buffer.allocUnsafeSlow(Math.min(scanWindowSize, end - position))
    await source.read(piece, position)
    await target.write([piece], to + position - from)
  }
  return to + end - from
}

/** What a person reads of an inspection, a line each; empty when all is well. */
export const describeDamage = ({ stretches, lostEnd, logStart, logEnd }: Inspection): string[] => [
  ...stretches.map(
    (stretch) =>
      `${basename(stretch.file)}: ${stretch.size} bytes from byte ${stretch.position} on are no valid batch; ` +
      lossOf(stretch, logStart),
  ),
  ...(lostEnd === undefined
    ? []
    : [`the log ends at ${logEnd}; offsets ${logEnd} to ${lostEnd - 1} were on disk and are lost`]),
]

const lossOf = ({ fromOffset, toOffset }: DamagedStretch, logStart: number): string => {
  const from = Math.max(fromOffset, logStart)
  if (toOffset === undefined) return `offset ${from} and what followed in this file are lost`
  if (toOffset <= logStart) return `only records before the log start offset ${logStart} are lost`
  return `offsets ${from} to ${toOffset - 1} are lost`
}
