// What the batches of a log tell of its producers, when a start walks them again.
import {
  attributesOf,
  baseOffsetOf,
  baseSequenceOf,
  codecOf,
  isControl,
  isTransactional,
  lastOffsetOf,
  MarkerType,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
} from '#records'
import type { AbortedSpan } from '../aborted-spans.ts'
import { readMarker } from '../compaction/marker-record.ts'
import type { ProducerStates } from '../producer-states.ts'

/** Takes over what a batch says; returns the transaction that it ends by a marker, if that aborts one. */
export const replayBatch = (
  producers: ProducerStates,
  bytes: Buffer,
  start: number,
  end: number,
  nowMs: number,
): AbortedSpan | undefined => {
  const producerId = producerIdOf(bytes, start)
  if (producerId < 0) return undefined
  const attributes = attributesOf(bytes, start)
  if (isControl(attributes)) return replayMarker(producers, bytes, start, end, nowMs)
  const baseSequence = baseSequenceOf(bytes, start)
  if (baseSequence < 0) return undefined
  const baseOffset = baseOffsetOf(bytes, start)
  producers.add(
    {
      // Compaction takes records away, and the sequences of a batch stay what they were.
      count: lastOffsetOf(bytes, start) - baseOffset + 1,
      codec: codecOf(attributes),
      maxTimestampMs: maxTimestampOf(bytes, start),
      isTransactional: isTransactional(attributes),
      producerId,
      producerEpoch: producerEpochOf(bytes, start),
      baseSequence,
    },
    baseOffset,
    nowMs,
  )
  return undefined
}

const replayMarker = (
  producers: ProducerStates,
  bytes: Buffer,
  start: number,
  end: number,
  nowMs: number,
): AbortedSpan | undefined => {
  const producerId = producerIdOf(bytes, start)
  const epoch = producerEpochOf(bytes, start)
  const marker = readMarker(bytes, start, end)
  // Compaction has taken the record, because nothing of the transaction is left.
  const { type, coordinatorEpoch } = marker ?? { type: MarkerType.commit, coordinatorEpoch: 0 }
  if (type !== MarkerType.commit && type !== MarkerType.abort) return undefined
  const firstOffset = producers.mark({ producerId, epoch, coordinatorEpoch }, nowMs)
  if (firstOffset === undefined || type !== MarkerType.abort) return undefined
  const lastOffset = lastOffsetOf(bytes, start)
  const lastStable = producers.firstOpen ?? lastOffset + 1
  return { producerId, firstOffset, lastOffset, lastStable }
}
