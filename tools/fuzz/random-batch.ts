import { crc32c } from '#bytes'
import { buildBatch, Codec, compress } from '#records'
import type { SeededRandom } from '#testing'

const codecs = Object.values(Codec)
const crcStart = 21
const headerSize = 61
const headerPositions = [8, 12, 16, 21, 23, 27, 35, 43, 51, 53, 57]
const oddNumbers = [0, 1, -1, 2, 127, 128, 32_767, -32_768, 0x7fffffff, -0x80000000, 0x10000]

/** Record data as a producer might send it: right, odd, damaged under a right checksum, or noise. */
export const randomRecords = (random: SeededRandom): Buffer | null => {
  const kind = random.below(20)
  if (kind === 0) return null
  if (kind === 1) return Buffer.alloc(0)
  if (kind === 2) return random.bytes(random.between(1, 200))
  if (kind === 3) return Buffer.concat([rightBatch(random), rightBatch(random)])
  if (kind === 4) return bomb(random)
  const batch = rightBatch(random)
  if (kind < 11) return batch
  damage(batch, random)
  return kind < 18 ? sealed(batch) : batch
}

const rightBatch = (random: SeededRandom): Buffer => {
  const nowMs = Date.now()
  const records = Array.from({ length: random.between(1, 20) }, (_, index) => ({
    timestampMs: random.chance(0.1) ? random.below(2 ** 45) : nowMs + index,
    key: random.chance(0.3) ? null : random.bytes(random.below(20)),
    value: random.chance(0.1) ? null : random.bytes(random.below(random.pick([10, 100, 5000]))),
    ...(random.chance(0.2) && { headers: [{ key: 'name', value: random.bytes(5) }] }),
  }))
  const idempotent = random.chance(0.4)
  return buildBatch(records, {
    codec: random.pick(codecs),
    ...(idempotent && {
      producerId: random.below(2000),
      producerEpoch: random.below(3),
      baseSequence: random.pick([0, 0, random.below(100), 0x7fffffff]),
    }),
    isTransactional: idempotent && random.chance(0.1),
    isControl: random.chance(0.05),
  })
}

/** Changes header fields or bytes behind them. */
const damage = (batch: Buffer, random: SeededRandom): void => {
  for (let count = random.between(1, 3); count > 0; count -= 1) {
    if (random.chance(0.5))
      batch.writeInt32BE(random.pick(oddNumbers), random.pick(headerPositions))
    else {
      const start = random.chance(0.7) ? headerSize : 8
      if (batch.length > start) batch[random.between(start, batch.length - 1)] = random.below(256)
    }
  }
}

/** Megabytes of zeros in a few kilobytes, which claim to be one record or very many. */
const bomb = (random: SeededRandom): Buffer => {
  const codec = random.pick([Codec.gzip, Codec.snappy, Codec.lz4, Codec.zstd])
  const folded = zeros(codec, random.pick([1, 8, 32]))
  const header = buildBatch([{ timestampMs: Date.now(), key: null, value: null }]).subarray(
    0,
    headerSize,
  )
  const batch = Buffer.concat([header, folded])
  const count = random.pick([1, 1000, 0x7fffffff])
  batch.writeInt16BE(codec, crcStart)
  batch.writeInt32BE(count - 1, 23)
  batch.writeInt32BE(count, 57)
  batch.writeInt32BE(batch.length - 12, 8)
  return sealed(batch)
}

const folds = new Map<string, Buffer>()

/** So many megabytes of zeros, compressed. */
const zeros = (codec: Codec, megabytes: number): Buffer => {
  const key = `${codec}/${megabytes}`
  const folded = folds.get(key) ?? compress(codec, Buffer.alloc(megabytes * 1024 * 1024))
  folds.set(key, folded)
  return folded
}

/** Makes the checksum right again. */
const sealed = (batch: Buffer): Buffer => {
  if (batch.length >= headerSize) batch.writeUInt32BE(crc32c(batch.subarray(crcStart)), 17)
  return batch
}
