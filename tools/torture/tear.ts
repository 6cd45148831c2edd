import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildBatch } from '#records'
import type { SeededRandom, Topic } from '#testing'

/**
 * Leaves behind a partition's log what a write leaves that was cut off: the beginning of a batch, or of
 * the zeros that a file system shows where a size was stored and the bytes were not.
 */
export const tearTail = (
  folder: string,
  { topic, partition }: { topic: Topic; partition: number },
  random: SeededRandom,
): void => {
  const files = logsOf(join(folder, `${topic.name}-${partition}`))
  const last = files.at(-1)
  if (last === undefined) return
  const value = random.bytes(random.between(1, 5000))
  const batch = buildBatch([{ timestampMs: Date.now(), key: null, value }])
  const whole = random.chance(0.8) ? batch : Buffer.alloc(batch.length)
  appendFileSync(last, whole.subarray(0, random.between(1, whole.length - 1)))
}

/** The segments of a partition's folder, oldest first; none while it has no folder. */
const logsOf = (folder: string): string[] => {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.log'))
    return names.sort().map((name) => join(folder, name))
  } catch {
    return []
  }
}
