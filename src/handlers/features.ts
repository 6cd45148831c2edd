/** A feature of KIP-584: the levels we have, and the one that is in force. */
interface Feature {
  name: string
  minVersion: number
  maxVersion: number
  level: number
}

/**
 * `metadata.version` 30 is Kafka 4.3's and only shown by tools. Features that clients act on
 * (`transaction.version`, `share.version`) are named once what they promise is served.
 */
const features: readonly Feature[] = [
  { name: 'metadata.version', minVersion: 7, maxVersion: 30, level: 30 },
  { name: 'group.version', minVersion: 0, maxVersion: 1, level: 1 },
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
