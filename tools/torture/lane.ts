// A lane is one producer's numbered records on their way into one partition, and the account of what
// was promised about them.
//
//   numbers  0 1 2 │ 3 4 │ 5 6 7 │ 8 …       batches, in the order in which they were made
//            └─ acknowledged ─┘ └ in flight ┘
//
// What a record holds follows from lane and number alone, so that whoever reads it can tell whether it
// is whole.
import { type BatchRecord, buildBatch, Codec } from '#records'
import type { SeededRandom, Topic } from '#testing'

/** How a lane's batches are sent, and so what may be said of them afterwards. */
export interface LaneKind {
  acks: -1 | 0 | 1
  /** With a producer id: what was not acknowledged is sent again, and is there once in the end. */
  idempotent: boolean
}

/** A batch that was made. */
export interface SentBatch {
  first: number
  count: number
  bytes: Buffer
}

/** Batches of an idempotent producer that may be on their way at one time; brokers remember as many. */
export const inFlightMax = 5

const valueSizeLimits = [20, 20, 50, 50, 200, 200, 200, 1000, 1000, 20_000] as const
const batchSizeMax = 700_000
const headSize = 12
const codecs = [Codec.none, Codec.none, Codec.none, Codec.gzip, Codec.snappy, Codec.lz4, Codec.zstd]

/** One producer's records for one partition. */
export class Lane {
  readonly number: number
  readonly topic: Topic
  readonly partition: number
  readonly kind: LaneKind
  readonly inFlight: SentBatch[] = []
  /** The batches acknowledged, by their first record's number and the offset that it was given. */
  readonly acknowledged: { first: number; count: number; offset: number }[] = []
  /** Set for an idempotent lane before its first batch. */
  producerId = -1
  /** The number that the next new record will have. */
  next = 0
  readonly #pool: Buffer
  readonly #random: SeededRandom

  constructor(
    number: number,
    place: { topic: Topic; partition: number },
    kind: LaneKind,
    pool: Buffer,
    random: SeededRandom,
  ) {
    this.number = number
    this.topic = place.topic
    this.partition = place.partition
    this.kind = kind
    this.#pool = pool
    this.#random = random
  }

  get name(): string {
    const { acks, idempotent } = this.kind
    return `lane ${this.number} (acks=${acks}, ${idempotent ? `producer ${this.producerId}` : 'plain'})`
  }

  get acknowledgedCount(): number {
    return this.acknowledged.reduce((sum, { count }) => sum + count, 0)
  }

  /** Makes the next batch and counts it as in flight. */
  nextBatch(nowMs: number): SentBatch {
    const random = this.#random
    const records: { timestampMs: number; key: Buffer; value: Buffer }[] = []
    const countMax = random.chance(0.3) ? 1 : random.between(1, 100)
    let size = 0
    while (records.length < countMax && size < batchSizeMax) {
      const number = this.next + records.length
      const value = this.#valueOf(number)
      size += value.length + 30
      records.push({ timestampMs: nowMs + records.length, key: this.#keyOf(number), value })
    }
    const bytes = buildBatch(records, {
      codec: random.pick(codecs),
      ...(this.kind.idempotent && {
        producerId: this.producerId,
        producerEpoch: 0,
        baseSequence: this.next,
      }),
    })
    const batch = { first: this.next, count: records.length, bytes }
    this.next += records.length
    if (this.kind.acks !== 0) this.inFlight.push(batch)
    return batch
  }

  /** The oldest batch in flight is in the log, and its first record at this offset. */
  acknowledge(offset: number): void {
    const { first, count } = this.inFlight.shift()!
    this.acknowledged.push({ first, count, offset })
  }

  /** Says what is wrong with a record of this lane that was read, or nothing. */
  faultOf({ key, value }: BatchRecord, number: number): string | undefined {
    if (!key || !this.#keyOf(number).equals(key)) return 'its key is not the one that was sent'
    if (!value || !this.#valueOf(number).equals(value))
      return 'its value is not the one that was sent'
    return undefined
  }

  #keyOf(number: number): Buffer {
    const key = Buffer.alloc(headSize)
    key.writeUInt32BE(this.number, 0)
    key.writeUInt32BE(number, 4)
    key.writeUInt32BE(mix(this.number, number), 8)
    return key
  }

  #valueOf(number: number): Buffer {
    const hash = mix(this.number, number)
    const limit = valueSizeLimits[hash % valueSizeLimits.length]!
    const size = (hash >>> 4) % limit
    const start = (hash >>> 7) % (this.#pool.length - size)
    return this.#pool.subarray(start, start + size)
  }
}

/** Tells which lane a record belongs to and which number it has there. */
export const labelOf = ({ key }: BatchRecord): { lane: number; number: number } | undefined =>
  key?.length === headSize ? { lane: key.readUInt32BE(0), number: key.readUInt32BE(4) } : undefined

/** A number that looks like chance and follows from two others. */
const mix = (one: number, two: number): number => {
  let hash = Math.imul(one ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(two + 1, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return (hash ^ (hash >>> 15)) >>> 0
}
