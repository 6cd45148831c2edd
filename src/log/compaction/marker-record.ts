import { batchHeaderSize, recordCountOf } from '#records'
import { RecordWalk } from './record-walk.ts'

/** What the record of a control batch says; -1 for what it does not. */
export interface MarkerRecord {
  /** See `MarkerType`; there are others. */
  type: number
  coordinatorEpoch: number
}

// Both begin with an int16 version, followed by an int16 type and an int32 epoch.
const versionSize = 2
const keySizeMin = 4
const valueSizeMin = 6

/** Reads a control batch; undefined when its record is gone already, because nothing needs it any more. */
export const readMarker = (bytes: Buffer, start: number, end: number): MarkerRecord | undefined => {
  const count = recordCountOf(bytes, start)
  if (count === 0) return undefined
  const walk = new RecordWalk(bytes.subarray(start + batchHeaderSize, end), count)
  walk.next()
  const { keySize, keyStart, valueSize, valueStart } = walk
  return {
    type: keySize < keySizeMin ? -1 : walk.bytes.readInt16BE(keyStart + versionSize),
    coordinatorEpoch:
      valueSize < valueSizeMin ? -1 : walk.bytes.readInt32BE(valueStart + versionSize),
  }
}
