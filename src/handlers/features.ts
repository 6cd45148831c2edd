/** A feature of KIP-584: the levels we have, and the one that is in force. */
interface Feature {
  name: string
  minVersion: number
  maxVersion: number
  level: number
}

/**
 * `metadata.version` 30 is Kafka 4.3's and only shown by tools. Under `transaction.version` 2 clients let
 * Produce and TxnOffsetCommit add what they write to, and each transaction raises the epoch (KIP-890).
 * `share.version` is named once what it promises is served.
 */
const features: readonly Feature[] = [
  { name: 'metadata.version', minVersion: 7, maxVersion: 30, level: 30 },
  { name: 'group.version', minVersion: 0, maxVersion: 1, level: 1 },
  { name: 'transaction.version', minVersion: 0, maxVersion: 2, level: 2 },
]

/** Finalized levels count for a client only beside an epoch of at least 0. */
const finalizedFeaturesEpoch = 0

/** Old Java clients refuse a version 3 answer that names a feature whose lowest level is 0 (KAFKA-17011). */
const levelZeroSince = 4

/** The feature fields of an ApiVersions answer. */
export const supportedFeatures = (version: number) => ({
  supportedFeatures: features
    .filter(({ minVersion }) => minVersion > 0 || version >= levelZeroSince)
    .map(({ name, minVersion, maxVersion }) => ({ name, minVersion, maxVersion })),
  finalizedFeaturesEpoch,
  finalizedFeatures: features.map(({ name, level }) => ({
    name,
    maxVersionLevel: level,
    minVersionLevel: level,
  })),
})
