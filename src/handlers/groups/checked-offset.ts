import { kafkaError } from '#model'
import type { BrokerContext } from '../kit.ts'

/** An offset of a partition as a client commits it. */
interface SaidOffset {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string | null
}

/** The offset to be kept; throws OFFSET_METADATA_TOO_LARGE or OFFSET_OUT_OF_RANGE. */
export const checkedOffset = (
  { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }: SaidOffset,
  { settings }: Pick<BrokerContext, 'settings'>,
) => {
  const metadata = committedMetadata ?? ''
  if (metadata.length > settings['offset.metadata.max.bytes'])
    throw kafkaError('OFFSET_METADATA_TOO_LARGE')
  // The largest ones read from the wire are not exact: no partition has ever had them.
  if (Math.abs(committedOffset) >= Number.MAX_SAFE_INTEGER) throw kafkaError('OFFSET_OUT_OF_RANGE')
  return {
    partition: partitionIndex,
    offset: committedOffset,
    leaderEpoch: committedLeaderEpoch,
    metadata,
  }
}
