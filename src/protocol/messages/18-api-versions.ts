import { api, array, boolean, errorCode, int16, int64, string, throttleTimeMs } from '../schema.ts'

/**
 * ApiVersions: which APIs in which versions a broker speaks, and its features (KIP-35, KIP-584).
 *
 * A client sends it before it knows anything, so that the response always has header version 0,
 * and a broker which does not know the version answers in version 0 with UNSUPPORTED_VERSION.
 */
export const ApiVersions = api(18, 'ApiVersions', {
  versions: [0, 4],
  flexible: 3,
  request: {
    clientSoftwareName: string.since(3).ignorable(),
    clientSoftwareVersion: string.since(3).ignorable(),
  },
  response: {
    errorCode,
    apiKeys: array({
      apiKey: int16,
      minVersion: int16,
      maxVersion: int16,
    }),
    throttleTimeMs: throttleTimeMs.since(1).ignorable(),
    supportedFeatures: array({
      name: string,
      minVersion: int16,
      maxVersion: int16,
    })
      .since(3)
      .tag(0)
      .ignorable(),
    finalizedFeaturesEpoch: int64.since(3).tag(1).or(-1).ignorable(),
    finalizedFeatures: array({
      name: string,
      maxVersionLevel: int16,
      minVersionLevel: int16,
    })
      .since(3)
      .tag(2)
      .ignorable(),
    zkMigrationReady: boolean.since(3).tag(3).or(false).ignorable(),
  },
})
